/**
 * A broker product that nobody here knows: written as its user would, with the package alone.
 *
 * @module
 */
import {
  MalformedRequest,
  needText,
  readText,
  readTime,
  SECRET_PLACEHOLDER,
} from 'devicehub/products'

const ACTIONS = new Map([
  ['w', 'publish'],
  ['r', 'subscribe'],
])

/** Answers with one word. */
function word({ effect, isTransient }) {
  if (effect === 'allow') return { status: 200, body: 'yes' }
  return isTransient ? { status: 503, body: 'later' } : { status: 403, body: 'no' }
}

export const plantBroker = {
  name: 'plant-broker',
  secretIn: 'header',
  facts: { qos: false, retain: false, share: true, clientId: true, separators: '' },
  questions: [
    {
      path: 'login',
      read: (fields) => ({
        kind: 'login',
        username: readText(fields, 'user'),
        password: readText(fields, 'word'),
        clientId: readText(fields, 'client'),
      }),
      write: word,
    },
    {
      path: 'topics',
      read(fields) {
        const action = ACTIONS.get(needText(fields, 'do'))
        if (!action) throw new MalformedRequest('"do" is not r or w')
        const [username, clientId] = [readText(fields, 'user'), readText(fields, 'client')]
        const topics = needText(fields, 'topics').split(' ')
        const requests = topics.map((topic) => ({ username, clientId, action, topic }))
        return { kind: 'accesses', need: 'any', requests }
      },
      write({ effect, asked, effects = [] }) {
        if (effect === 'deny') return { status: 403, body: 'no' }
        const words = asked.requests.map((_, i) => (effects[i] === 'allow' ? 'yes' : 'no'))
        return { status: 200, body: words.join(' ') }
      },
    },
  ],
  events: {
    accepted: { status: 202, body: 'noted' },
    read(fields) {
      const kind = needText(fields, 'kind')
      if (kind !== 'connected' && kind !== 'disconnected') {
        throw new MalformedRequest('"kind" is neither connected nor disconnected')
      }
      const name = readText(fields, 'user')
      return {
        kind,
        clientId: needText(fields, 'client'),
        user: name === undefined ? 'none' : { name },
        connectedAt: readTime(fields, 'since'),
      }
    },
  },
}

export const plantConfiguration = ({ url }) => ({
  files: [
    { path: 'plant.ini', text: `ask = ${url}/plant-broker\nbearer = ${SECRET_PLACEHOLDER}\n` },
  ],
  notes: ['Put the secret in.'],
})
