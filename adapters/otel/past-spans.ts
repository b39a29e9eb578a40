/**
 * Spans of what is over when it is told: logins and decisions. Their parents are the spans that they took
 * place in, such as that of an HTTP request.
 *
 * @module
 */
import { type Tracer, trace } from '@opentelemetry/api'
import type { Observer } from '../../src/fleet/observer.ts'
import { failSpan } from './spans.ts'

/** Makes an observer that makes them, and marks the span of a message that is rejected. */
export function observeSpans(tracer: Tracer): Observer {
  return (event) => {
    if (event.kind === 'rejection') {
      const span = trace.getActiveSpan()
      if (span) failSpan(span, event.code)
      return
    }
    if (event.kind !== 'login' && event.kind !== 'decision') return
    const { kind, effect, code, seconds } = event
    const startTime = Date.now() - seconds * 1_000
    const attributes = {
      'devicehub.effect': effect,
      'devicehub.code': code,
      ...(kind === 'decision' && { 'devicehub.action': event.action }),
    }
    const span = tracer.startSpan(`devicehub.${kind}`, { startTime, attributes })
    // A denial is an answer, and no error.
    if (code === 'failed') failSpan(span, code)
    span.end()
  }
}
