/**
 * Mosquitto with mosquitto-go-auth or mosquitto-auth-plug: a question for each filter, each message
 * and each delivery.
 *
 * @module
 */
import type { AccessAction } from '../../../../src/rule/rule.ts'
import {
  type Answer,
  type Call,
  type Client,
  call,
  type Encoding,
  type Language,
  type Meaning,
  needed,
  oneOf,
  type ReadFields,
  text,
  wishes,
} from '../language.ts'

type Acl = (client: Client, acc: number, topic: string, encoding: Encoding) => readonly Call[]

const isAllowed = ({ status }: Answer) => status >= 200 && status < 300

/** A subscription is asked about as it is sent (4), a publish as 2; 1 is a delivery, 3 is both. */
function language(
  encodings: readonly Encoding[],
  login: Language['login'],
  acl: Acl,
  readClientId: ((fields: ReadFields) => string | undefined) | undefined,
  moreLogins: readonly string[] = [],
): Language {
  return {
    encodings,
    bindsClientId: readClientId !== undefined,
    login,
    ask: (client, packet, encoding) =>
      wishes(packet).flatMap((wish) => {
        const { action, topic } = wish.sent
        const plain = /[+#]/.test(topic) || topic.startsWith('$share/') ? [] : [1]
        const numbers = action === 'publish' ? [2] : [4, ...plain]
        return numbers.map((acc) => {
          const calls = acl(client, acc, topic, encoding)
          return { wishes: [wish], calls, grants: (answers) => [answers.some(isAllowed)] }
        })
      }),
    others: (client, encoding) => [
      ...acl(client, 3, 'both/x', encoding),
      ...acl(client, 1, 'both/x', encoding),
      ...moreLogins.map((route) => ({ ...login(client, encoding), route })),
    ],
    meanings({ route, fields }): readonly Meaning[] {
      if (route.endsWith('superuser')) return []
      const username = text(fields, 'username')
      const clientId = readClientId?.(fields)
      if (route.endsWith('user')) {
        return [[{ kind: 'login', username, password: text(fields, 'password'), clientId }]]
      }
      const actions = oneOf<readonly AccessAction[]>(
        fields,
        'acc',
        [1, 2, 3, 4].flatMap((acc) => [
          [acc, ACTIONS[acc - 1]!],
          [String(acc), ACTIONS[acc - 1]!],
        ]),
      )
      const topic = needed(fields, 'topic')
      return [actions.map((action) => ({ kind: 'access', username, clientId, action, topic }))]
    },
    parts: (answer, count) => Array(count).fill(isAllowed(answer)),
  }
}

const ACTIONS: readonly (readonly AccessAction[])[] = [
  ['subscribe'],
  ['publish'],
  ['subscribe', 'publish'],
  ['subscribe'],
]

export const goAuth: Language = language(
  ['json', 'form'],
  ({ username, password, clientId }, encoding) =>
    call(encoding, 'user', { clientid: clientId, password, username }),
  ({ username, clientId }, acc, topic, encoding) =>
    ['acl', 'text/acl'].map((route) =>
      call(encoding, route, { acc, clientid: clientId, topic, username }),
    ),
  (fields) => text(fields, 'clientid'),
  ['text/user'],
)

/** A form whose last field, the client id, is written as it is. */
function plugCall(
  route: string,
  fields: Readonly<Record<string, string | number>>,
  clientId: string,
): Call {
  const { body } = call('form', route, fields)
  return { route, encoding: 'form', body: `${body}&clientid=${clientId}` }
}

export const authPlug: Language = language(
  ['form'],
  ({ username, password, clientId }) =>
    plugCall('user', { username, password, topic: '', acc: -1 }, clientId),
  ({ username, clientId }, acc, topic) => [
    plugCall('acl', { username, password: '', topic, acc }, clientId),
  ],
  undefined,
)
