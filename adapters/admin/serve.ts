/**
 * From a request to its answer: who asks, what comes of it, and who is told.
 *
 * @module
 */
import type { Context } from 'hono'
import { withinDeadline } from '../../src/base/deadline.ts'
import { describeError } from '../../src/base/log.ts'
import { type Problem, respondProblem } from '../../src/base/problem.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { type AdminAction, AuditedDeed, type AuditOptions } from './audit.ts'
import type { Guard } from './guard.ts'
import { ProblemError, problemOf } from './problem.ts'
import type { AdminRoute } from './route.ts'

/** Milliseconds for an answer. */
const ANSWER_LIMIT_MS = 30_000

/** What {@link serving} takes. */
export interface ServingOptions extends AuditOptions {
  readonly fleet: Fleet
  readonly guard: Guard
}

/** Answers a request. */
type Serve = (context: Context) => Promise<Response>

/** Makes what serves a route. */
export function serving(options: ServingOptions): (route: AdminRoute) => Serve {
  const { fleet, guard, log } = options

  function problemFor(action: AdminAction, error: unknown): Problem {
    const problem = problemOf(error)
    if (problem) return problem
    log.write('error', action, `admin ${action} failed: ${describeError(error)}`)
    const detail = 'It failed here, and may have been done or not; the log says why'
    return { status: 503, code: 'failed', detail }
  }

  return (route) => async (context) => {
    const { action } = route
    const deed = new AuditedDeed(action, options)
    let problem: Problem | undefined
    let answer: object | undefined
    try {
      const operator = await guard(context)
      deed.by(operator)
      if (operator.may === 'read' && deed.isDeed) {
        throw new ProblemError(403, 'operator-limited', 'This operator may only look')
      }
      const asked = { fleet, context, operator, deed }
      answer = await withinDeadline(ANSWER_LIMIT_MS, () => route.run(asked), undefined, 'answer')
    } catch (error) {
      problem = problemFor(action, error)
    }
    await deed.end(problem?.code ?? 'done')
    if (problem) return respondProblem(problem)
    return context.json(answer!, 200, { 'cache-control': 'no-store' })
  }
}
