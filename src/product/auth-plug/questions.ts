/**
 * Mosquitto with mosquitto-auth-plug: its HTTP back-end.
 *
 * It writes the client id into the form as it is, behind everything else, so that one can bring
 * fields along: a form that gives a field twice is refused, and the client id is never looked at.
 *
 * @module
 */
import { plain } from '../http/answer.ts'
import type { Question } from '../http/question.ts'
import { userSuperuserAcl } from '../http/user-superuser-acl.ts'

/** See `Product`. */
export const questions: readonly Question[] = /* @__PURE__ */ userSuperuserAcl({
  prefix: '',
  allow: /* @__PURE__ */ plain('ok'),
  deny: /* @__PURE__ */ plain('denied', 403),
  readClientId: () => undefined,
})
