/**
 * NanoMQ: HTTP authentication and access control.
 *
 * All filters of a SUBSCRIBE come joined by commas, for one decision, and a filter may hold commas
 * itself. So every filter that may have been meant has to be granted.
 *
 * Only JSON is taken: how values are escaped in a form differs between versions, and what is not
 * escaped would read as another topic, such as one with a space for a "+".
 *
 * @module
 */
import { authSuperuserAcl } from '../http/auth-superuser-acl.ts'
import { MalformedRequest } from '../http/fields.ts'
import type { Question } from '../http/question.ts'

/** Most pieces between the commas, since their combinations grow with the square. */
const MAX_PIECES = 32

/** See `Product`. */
export const questions: readonly Question[] = /* @__PURE__ */ authSuperuserAcl({
  readFields(fields, headers) {
    if (/^application\/json *(;|$)/i.test(headers.get('content-type') ?? '')) return fields
    throw new MalformedRequest('the content type is not application/json')
  },
  readFilters,
})

/**
 * Every filter there may be in a joined text: each run of pieces that stand side by side.
 *
 * However the text came about, each filter of the SUBSCRIBE is such a run, so where all of them are
 * granted, nothing was asked for that the rules do not grant. One kind of run is left out: where a
 * wildcard touches a comma within it, it is no whole level, so such a text is no filter (MQTT 5,
 * section 4.7.1) and no topic name can match it.
 *
 * @throws {MalformedRequest} If there are more than {@link MAX_PIECES} pieces.
 */
function readFilters(text: string): readonly string[] {
  const pieces = text.split(',')
  if (pieces.length > MAX_PIECES) {
    throw new MalformedRequest(`"topic" has more than ${MAX_PIECES - 1} commas`)
  }
  return pieces.flatMap((piece, start) => {
    const runs = [piece]
    let run = piece
    for (const next of pieces.slice(start + 1)) {
      if (/[+#]$/.test(run) || /^[+#]/.test(next)) break
      run += `,${next}`
      runs.push(run)
    }
    return runs
  })
}
