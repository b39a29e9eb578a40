/**
 * What EMQX 4 and NanoMQ have in common: three questions, answered by the status.
 *
 * 200 allows, whatever the body is, save for the word `ignore` on EMQX 4. A denial is 403. Whoever
 * is a superuser is asked about no topic, and no deny rule would hold, so nobody is one.
 *
 * @module
 */
import type { AccessAction } from '../../src/rule/rule.ts'
import { type Answer, type DialectRoute, denyLogin, plain, type Question } from './dialect.ts'
import { type Fields, MalformedRequest, needText, readText } from './fields.ts'

/** What sets the questions of one broker apart. */
export interface EmqxStyleQuestions {
  /** The fields as the client has them. @throws {MalformedRequest} If they cannot be relied on. */
  readFields(question: Question): Fields
  /** What has to be granted for one question to subscribe: never nothing. */
  readFilters(topic: string): readonly string[]
  /** See `DialectRoute`: of a login. */
  readonly tryLater?: Answer
}

const ALLOW = plain('allow')
const DENY = plain('deny', 403)

/** The routes `auth`, `superuser` and `acl`. */
export function emqxStyleRoutes({
  readFields,
  readFilters,
  tryLater = DENY,
}: EmqxStyleQuestions): readonly DialectRoute[] {
  return [
    {
      path: 'auth',
      deny: DENY,
      tryLater,
      async answer(question, ask) {
        const fields = readFields(question)
        const login = await ask.login({
          username: readText(fields, 'username'),
          password: readText(fields, 'password'),
          clientId: readText(fields, 'clientid'),
          peer: readText(fields, 'ipaddr'),
        })
        return login.effect === 'allow' ? ALLOW : denyLogin(login, { deny: DENY, tryLater })
      },
    },
    { path: 'superuser', deny: DENY, answer: () => DENY },
    {
      path: 'acl',
      deny: DENY,
      async answer(question, ask) {
        const fields = readFields(question)
        const action = readAction(fields)
        const username = readText(fields, 'username')
        const clientId = readText(fields, 'clientid')
        const text = needText(fields, 'topic')
        for (const topic of action === 'publish' ? [text] : readFilters(text)) {
          if (!(await ask.access({ username, clientId, action, topic }))) return DENY
        }
        return ALLOW
      },
    },
  ]
}

/** The numbers are the other way round than those of Mosquitto's plug-ins. */
function readAction(fields: Fields): AccessAction {
  const access = readText(fields, 'access')
  if (access === '1') return 'subscribe'
  if (access === '2') return 'publish'
  throw new MalformedRequest('"access" is not 1 or 2')
}
