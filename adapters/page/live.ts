/**
 * The route that tells what happens.
 *
 * @module
 */
import type { Context } from 'hono'
import { monotonicNow } from '../../src/base/clock.ts'
import { describeError } from '../../src/base/log.ts'
import { respondProblem } from '../../src/base/problem.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { Guard } from '../admin/guard.ts'
import { seesAll } from '../admin/operator.ts'
import { ProblemError, problemOf } from '../admin/problem.ts'
import { readLiveQuery } from './query.ts'
import type { LiveSource } from './source.ts'
import { LiveStream } from './stream.ts'

/** Most streams at once, and most of one operator. */
const MAX_STREAMS = 100
const MAX_OF_OPERATOR = 20

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  // Of nginx and those who do as it does: what is sent goes out at once.
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
}

/** What {@link liveRoute} takes. */
export interface LiveOptions {
  readonly fleet: Fleet
  readonly source: LiveSource
  readonly guard: Guard
  readonly log: QuietLog
}

/** Makes what answers it. */
export function liveRoute(options: LiveOptions): (context: Context) => Promise<Response> {
  const { fleet, source, guard, log } = options
  const streams = new Set<LiveStream>()

  async function open(context: Context): Promise<Response> {
    const operator = await guard(context)
    const query = readLiveQuery(new URL(context.req.url).searchParams)
    if (query.hubs && !seesAll(operator)) {
      const detail = 'Brokers are shown to operators that see every device'
      throw new ProblemError(403, 'operator-limited', detail)
    }
    // An edge worker drops what it did for a client that is gone, and tells nobody.
    const now = monotonicNow()
    for (const stream of streams) if (stream.isDead(now)) stream.stop()
    const own = [...streams].filter(({ operatorName }) => operatorName === operator.name)
    if (streams.size >= MAX_STREAMS || own.length >= MAX_OF_OPERATOR) {
      const detail = `There are ${streams.size} pages open, ${own.length} of this operator: close some`
      throw new ProblemError(503, 'streams-full', detail)
    }
    const stream: LiveStream = new LiveStream({
      ...{ fleet, source, query, operator, log },
      check: () => guard(context),
      onStop: () => streams.delete(stream),
    })
    streams.add(stream)
    const { signal } = context.req.raw
    signal.addEventListener('abort', () => stream.stop(), { once: true })
    return new Response(stream.body, { headers: HEADERS })
  }

  return async (context) => {
    try {
      return await open(context)
    } catch (error) {
      const problem = problemOf(error)
      if (problem) return respondProblem(problem)
      log.write('error', 'live', `A page could not be told what happens: ${describeError(error)}`)
      const detail = 'It failed here; the log says why'
      return respondProblem({ status: 503, code: 'failed', detail })
    }
  }
}
