/**
 * VerneMQ: hooks told apart by a header, all filters of a SUBSCRIBE at once and each answered.
 *
 * @module
 */
import {
  type Answer,
  flagOf,
  jsonCall,
  type Language,
  NoQuestion,
  needed,
  qosOf,
  type ReadFields,
  text,
  wishes,
} from '../language.ts'

/** Asks as it does for a client of MQTT 3.1.1 or, where the client id is of odd length, of MQTT 5. */
function hook(name: string, clientId: string, fields: object) {
  const suffix = clientId.length % 2 === 1 ? '_m5' : ''
  return jsonCall('', fields, { 'vernemq-hook': name + suffix })
}

export const vernemq: Language = {
  encodings: ['json'],
  // It gives every session an id of its own instead.
  bindsClientId: false,
  login: ({ username, password, clientId: client_id }) =>
    hook('auth_on_register', client_id, {
      peer_addr: '10.0.0.9',
      peer_port: 51234,
      mountpoint: '',
      client_id,
      username,
      password,
      clean_session: true,
    }),
  ask({ username, clientId: client_id }, packet) {
    const who = { username, mountpoint: '', client_id }
    if (packet.action === 'publish') {
      const { qos, topic, retain } = packet
      const fields = { ...who, qos, topic, payload: 'YQ==', retain }
      const calls = [hook('auth_on_publish', client_id, fields)]
      const grants = ([answer]: readonly Answer[]) => granted(answer!, [qos])
      return [{ wishes: wishes(packet), calls, grants }]
    }
    const topics = packet.filters.map(({ filter, qos }) => ({ topic: filter, qos }))
    const calls = [hook('auth_on_subscribe', client_id, { ...who, topics })]
    const asked = topics.map(({ qos }) => qos)
    const grants = ([answer]: readonly Answer[]) => granted(answer!, asked)
    return [{ wishes: wishes(packet), calls, grants }]
  },
  meanings({ headers, fields }) {
    const username = text(fields, 'username')
    const clientId = text(fields, 'client_id')
    const name = (headers.get('vernemq-hook') ?? '').replace(/_m5$/, '')
    if (name === 'auth_on_register') {
      const [password, peer] = [text(fields, 'password'), text(fields, 'peer_addr')]
      return [[{ kind: 'login', username, password, clientId, peer }]]
    }
    const who = { kind: 'access', username, clientId } as const
    if (name === 'auth_on_publish') {
      const topic = needed(fields, 'topic')
      const [qos, retain] = [qosOf(fields), flagOf(fields, 'retain')]
      return [[{ ...who, action: 'publish', topic, qos, retain }]]
    }
    if (name !== 'auth_on_subscribe') throw new NoQuestion(name)
    const { topics } = fields
    if (!Array.isArray(topics) || topics.length === 0) throw new NoQuestion('topics')
    return topics.map((entry: ReadFields) => {
      if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
        throw new NoQuestion('topics')
      }
      const topic = needed(entry, 'topic')
      const qos = qosOf(entry)
      if (qos === undefined) throw new NoQuestion('qos')
      return [{ ...who, action: 'subscribe', topic, qos }]
    })
  },
  parts: (answer, count) => granted(answer, Array(count).fill(2)),
}

/** Which entries are granted; one is not at a QoS above 2, nor at a higher one than asked for. */
function granted({ status, body }: Answer, asked: readonly number[]): readonly boolean[] {
  const answer = status === 200 ? JSON.parse(body) : {}
  if (answer.result !== 'ok') return asked.map(() => false)
  const list = answer.topics ?? answer.modifiers?.topics
  if (list === undefined) return asked.map(() => true)
  if (list.length !== asked.length) throw new Error('the list of filters has another length')
  return asked.map((qos, i) => {
    const given = list[i].qos
    if (given <= 2 && given > qos) throw new Error('a QoS is granted that nobody asked for')
    return given <= 2
  })
}
