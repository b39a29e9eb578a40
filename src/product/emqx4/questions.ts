/**
 * EMQX 4: its HTTP plug-in, `emqx_auth_http`.
 *
 * It is never answered with the word `ignore`, nor left without an answer where one can be given:
 * EMQX takes either for "ask the next one", which ends in a grant by default. Nor does it ask about
 * the topics of a user name that begins with "$": the core has none.
 *
 * @module
 */
import { plain } from '../http/answer.ts'
import { authSuperuserAcl } from '../http/auth-superuser-acl.ts'
import type { Question } from '../http/question.ts'

/** What is written for a value that the client does not have. */
const NONE: readonly unknown[] = ['undefined', 'null']

/** See `Product`. */
export const questions: readonly Question[] = /* @__PURE__ */ authSuperuserAcl({
  readFields: (fields) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => !NONE.includes(value))),
  readFilters: (filter) => [filter],
  // It tells the client "server unavailable" then (0x88, MQTT 3.1.1: 3), and "not authorized" at 403.
  tryLater: /* @__PURE__ */ plain('try again', 503),
})
