/**
 * Mosquitto with mosquitto-go-auth: its HTTP backend.
 *
 * A denial has status 403 in each of its response modes. An allow has no one form for all of them:
 * the modes `status` and `json` take `{"ok":true}`, the mode `text` the two letters `ok`, for which
 * there are questions of their own below `text/`.
 *
 * Mosquitto ends a connection without an answer at 503, which no client takes for a wrong password.
 *
 * @module
 */
import { json, plain } from '../http/answer.ts'
import { type Fields, readText } from '../http/fields.ts'
import type { Question } from '../http/question.ts'
import { userSuperuserAcl } from '../http/user-superuser-acl.ts'

/** See `Product`. */
export const questions: readonly Question[] = /* @__PURE__ */ goAuthQuestions()

function goAuthQuestions(): readonly Question[] {
  const readClientId = (fields: Fields) => readText(fields, 'clientid')
  return [
    ...userSuperuserAcl({
      prefix: '',
      allow: json({ ok: true }),
      deny: json({ ok: false }, 403),
      tryLater: json({ ok: false }, 503),
      readClientId,
    }),
    ...userSuperuserAcl({
      prefix: 'text/',
      allow: plain('ok'),
      deny: plain('denied', 403),
      tryLater: plain('denied', 503),
      readClientId,
    }),
  ]
}
