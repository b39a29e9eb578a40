/**
 * What the HTTP plug-ins of Mosquitto have in common: three questions, answered by the status.
 *
 * A denial is 403, since a status of 500 and above is an error to them: they ask again, or the
 * client is disconnected. Whoever is a superuser is asked nothing further, and no deny rule would
 * hold, so nobody is one.
 *
 * @module
 */
import type { AccessAction } from '../../src/rule/rule.ts'
import { type Answer, type DialectRoute, denyLogin } from './dialect.ts'
import { type Fields, MalformedRequest, needText, readText } from './fields.ts'

/** What sets the questions of one plug-in apart. */
export interface MosquittoQuestions {
  /** Stands before the name of each route. */
  readonly prefix: string
  readonly allow: Answer
  readonly deny: Answer
  /** See `DialectRoute`: of a login. */
  readonly tryLater?: Answer
  /** The client id, if the plug-in can be relied on for it. */
  readClientId(fields: Fields): string | undefined
}

/**
 * What has to be granted for each `acc`. A delivery (1) is judged as a subscription to the very
 * name that is delivered.
 */
const ACTIONS: readonly (readonly AccessAction[])[] = [
  [],
  ['subscribe'],
  ['publish'],
  ['subscribe', 'publish'],
  ['subscribe'],
]

/** The routes `user`, `superuser` and `acl`. */
export function mosquittoRoutes({
  prefix,
  allow,
  deny,
  tryLater = deny,
  readClientId,
}: MosquittoQuestions): readonly DialectRoute[] {
  return [
    {
      path: `${prefix}user`,
      deny,
      tryLater,
      async answer({ fields }, ask) {
        const login = await ask.login({
          username: readText(fields, 'username'),
          password: readText(fields, 'password'),
          clientId: readClientId(fields),
        })
        return login.effect === 'allow' ? allow : denyLogin(login, { deny, tryLater })
      },
    },
    { path: `${prefix}superuser`, deny, answer: () => deny },
    {
      path: `${prefix}acl`,
      deny,
      async answer({ fields }, ask) {
        const actions = readActions(fields)
        const username = readText(fields, 'username')
        const topic = needText(fields, 'topic')
        const clientId = readClientId(fields)
        for (const action of actions) {
          if (!(await ask.access({ username, clientId, action, topic }))) return deny
        }
        return allow
      },
    },
  ]
}

/** What is asked for, by a number in JSON and its digit in a form: never nothing. */
function readActions({ acc }: Fields): readonly AccessAction[] {
  const index = typeof acc === 'string' ? ['', '1', '2', '3', '4'].indexOf(acc) : acc
  const actions = typeof index === 'number' ? ACTIONS[index] : undefined
  if (!actions?.length) throw new MalformedRequest('"acc" is not 1, 2, 3 or 4')
  return actions
}
