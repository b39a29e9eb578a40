/**
 * What the HTTP plug-ins of Mosquitto have in common: three questions, answered by the status.
 *
 * A denial is 403, since a status of 500 and above is an error to them: they ask again, or the
 * client is disconnected. Whoever is a superuser is asked nothing further, and no deny rule would
 * hold, so nobody is one.
 *
 * @module
 */
import type { AccessAction } from '../../rule/rule.ts'
import type { Answer } from './answer.ts'
import { type Fields, MalformedRequest, needText, readText } from './fields.ts'
import type {
  AskedAccesses,
  AskedLogin,
  AskedSuperuser,
  Question,
  QuestionOutcome,
} from './question.ts'

/** What sets the questions of one plug-in apart. */
export interface UserSuperuserAcl {
  /** Stands before the name of each question. */
  readonly prefix: string
  readonly allow: Answer
  readonly deny: Answer
  /** Answers a login that may be let in another time. Default: `deny`. */
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

/** The questions `user`, `superuser` and `acl`. */
export function userSuperuserAcl({
  prefix,
  allow,
  deny,
  tryLater = deny,
  readClientId,
}: UserSuperuserAcl): readonly [
  Question<AskedLogin>,
  Question<AskedSuperuser>,
  Question<AskedAccesses>,
] {
  const write = ({ effect }: QuestionOutcome) => (effect === 'allow' ? allow : deny)
  return [
    {
      path: `${prefix}user`,
      read: (fields) => ({
        kind: 'login',
        username: readText(fields, 'username'),
        password: readText(fields, 'password'),
        clientId: readClientId(fields),
      }),
      write: (outcome) => (outcome.isTransient ? tryLater : write(outcome)),
    },
    { path: `${prefix}superuser`, read: () => ({ kind: 'superuser' }), write: () => deny },
    {
      path: `${prefix}acl`,
      read(fields) {
        const actions = readActions(fields)
        const username = readText(fields, 'username')
        const topic = needText(fields, 'topic')
        const clientId = readClientId(fields)
        return {
          kind: 'accesses',
          need: 'all',
          requests: actions.map((action) => ({ username, clientId, action, topic })),
        }
      },
      write,
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
