/**
 * What EMQX 4 and NanoMQ have in common: three questions, answered by the status.
 *
 * 200 allows, whatever the body is, save for the word `ignore` on EMQX 4. A denial is 403. Whoever
 * is a superuser is asked about no topic, and no deny rule would hold, so nobody is one.
 *
 * @module
 */
import type { AccessAction } from '../../rule/rule.ts'
import { type Answer, plain } from './answer.ts'
import { type Fields, MalformedRequest, needText, readText } from './fields.ts'
import type {
  AskedAccesses,
  AskedLogin,
  AskedSuperuser,
  Question,
  QuestionOutcome,
  RequestHeaders,
} from './question.ts'

/** What sets the questions of one broker apart. */
export interface AuthSuperuserAcl {
  /** The fields as the client has them. @throws {MalformedRequest} If they cannot be relied on. */
  readFields(fields: Fields, headers: RequestHeaders): Fields
  /** What has to be granted for one question to subscribe: never nothing. */
  readFilters(topic: string): readonly string[]
  /** Answers a login that may be let in another time. Default: as one that is denied. */
  readonly tryLater?: Answer
}

const ALLOW = /* @__PURE__ */ plain('allow')
const DENY = /* @__PURE__ */ plain('deny', 403)

/** The questions `auth`, `superuser` and `acl`. */
export function authSuperuserAcl({
  readFields,
  readFilters,
  tryLater = DENY,
}: AuthSuperuserAcl): readonly [
  Question<AskedLogin>,
  Question<AskedSuperuser>,
  Question<AskedAccesses>,
] {
  return [
    {
      path: 'auth',
      read(sent, headers) {
        const fields = readFields(sent, headers)
        return {
          kind: 'login',
          username: readText(fields, 'username'),
          password: readText(fields, 'password'),
          clientId: readText(fields, 'clientid'),
          peer: readText(fields, 'ipaddr'),
        }
      },
      write: (outcome) => (outcome.isTransient ? tryLater : write(outcome)),
    },
    { path: 'superuser', read: () => ({ kind: 'superuser' }), write: () => DENY },
    {
      path: 'acl',
      read(sent, headers) {
        const fields = readFields(sent, headers)
        const action = readAction(fields)
        const username = readText(fields, 'username')
        const clientId = readText(fields, 'clientid')
        const text = needText(fields, 'topic')
        const topics = action === 'publish' ? [text] : readFilters(text)
        return {
          kind: 'accesses',
          need: 'all',
          requests: topics.map((topic) => ({ username, clientId, action, topic })),
        }
      },
      write,
    },
  ]
}

function write({ effect }: QuestionOutcome): Answer {
  return effect === 'allow' ? ALLOW : DENY
}

/** The numbers are the other way round than those of Mosquitto's plug-ins. */
function readAction(fields: Fields): AccessAction {
  const access = readText(fields, 'access')
  if (access === '1') return 'subscribe'
  if (access === '2') return 'publish'
  throw new MalformedRequest('"access" is not 1 or 2')
}
