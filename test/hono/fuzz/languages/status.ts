/**
 * EMQX 4 and NanoMQ: three questions, numbered actions, answers by their status.
 *
 * @module
 */
import { isNaiveFilter } from '../../../topic/oracle.ts'
import {
  type Asking,
  type Call,
  call,
  type Language,
  needed,
  oneOf,
  type ReadFields,
  text,
  wishes,
} from '../language.ts'
import { strippedWishes } from './emqx.ts'

const PEER = '10.0.0.9'
const isAllowed = ({ status, body }: { status: number; body: string }) =>
  status === 200 && body !== 'ignore'

const parts: Language['parts'] = (answer, count) => Array(count).fill(isAllowed(answer))

function asking(packetWishes: Asking['wishes'], one: Call): Asking {
  return {
    wishes: packetWishes,
    calls: [one],
    grants: ([answer]) => packetWishes.map(() => isAllowed(answer!)),
  }
}

/** Reads the questions; what is meant by a topic to subscribe to differs. */
function meanings(
  readFields: (fields: ReadFields) => ReadFields,
  readFilters: (topic: string) => readonly string[],
): Language['meanings'] {
  return ({ route, fields: all }) => {
    // Nobody is a superuser.
    if (route === 'superuser') return []
    const fields = readFields(all)
    const [username, clientId] = [text(fields, 'username'), text(fields, 'clientid')]
    if (route === 'auth') {
      const [password, peer] = [text(fields, 'password'), text(fields, 'ipaddr')]
      return [[{ kind: 'login', username, password, clientId, peer }]]
    }
    const action = oneOf(fields, 'access', [
      ['1', 'subscribe'],
      ['2', 'publish'],
    ] as const)
    const topic = needed(fields, 'topic')
    const topics = action === 'publish' ? [topic] : readFilters(topic)
    return [topics.map((one) => ({ kind: 'access', username, clientId, action, topic: one }))]
  }
}

/** What EMQX 4 writes for nothing. */
const NONE: readonly unknown[] = ['undefined', 'null']

export const emqx4: Language = {
  encodings: ['form', 'json'],
  bindsClientId: true,
  login: ({ username, password, clientId }, encoding) =>
    call(encoding, 'auth', { clientid: clientId, username, password, ipaddr: PEER }),
  ask({ username, clientId }, packet, encoding) {
    return strippedWishes(packet).map((wish) => {
      const { action, topic } = wish.done
      const access = action === 'publish' ? '2' : '1'
      const who = { access, username, clientid: clientId, ipaddr: PEER }
      const fields = { ...who, topic, mountpoint: 'undefined' }
      return asking([wish], call(encoding, 'acl', fields))
    })
  },
  meanings: meanings(
    (fields) => Object.fromEntries(Object.entries(fields).filter(([, v]) => !NONE.includes(v))),
    (topic) => [topic],
  ),
  parts,
}

export const nanomq: Language = {
  encodings: ['json'],
  bindsClientId: true,
  login: ({ username, password, clientId }, encoding) =>
    call(encoding, 'auth', { clientid: clientId, username, password, ipaddr: PEER }),
  // All filters of a SUBSCRIBE at once.
  ask({ username, clientId }, packet, encoding) {
    const access = packet.action === 'publish' ? '2' : '1'
    const topic =
      packet.action === 'publish'
        ? packet.topic
        : packet.filters.map(({ filter }) => filter).join(',')
    const fields = { clientid: clientId, username, access, ipaddr: PEER, topic }
    return [asking(wishes(packet), call(encoding, 'acl', fields))]
  },
  meanings: meanings((fields) => fields, everyFilter),
  parts,
}

/** Every filter that may stand in a joined text, by taking each start and each end. */
function everyFilter(joined: string): readonly string[] {
  const commas = [...joined.matchAll(/,/g)].map(({ index }) => index)
  const found: string[] = []
  for (const start of [-1, ...commas]) {
    for (const end of [...commas, joined.length]) {
      const filter = joined.slice(start + 1, end)
      if (end > start && isNaiveFilter(filter)) found.push(filter)
    }
  }
  return found
}
