/**
 * Traces and metrics for OpenTelemetry: spans for what a fleet and its hubs do, W3C trace context in user
 * properties of MQTT 5, and instruments. It needs `@opentelemetry/api`, and does nothing until the
 * application registers an SDK.
 *
 * @module
 */
import { metrics, trace } from '@opentelemetry/api'
import { checkOptions } from '../../src/base/options.ts'
import type { Observer } from '../../src/fleet/observer.ts'
import type { Tracing } from '../../src/fleet/tracing.ts'
import { instruments } from './instruments.ts'
import { observeSpans } from './past-spans.ts'
import { spans } from './spans.ts'

/** What {@link openTelemetry} takes. */
export interface OpenTelemetryOptions {
  /**
   * Whether traces go along with commands, and come with messages, as the user properties `traceparent` and
   * `tracestate` of MQTT 5 (W3C Trace Context). Baggage never does. Default: `true`.
   */
  readonly propagate?: boolean
}

/** For `createFleet({ …, ...openTelemetry() })`. */
export interface OpenTelemetry {
  readonly observer: Observer
  readonly tracing: Tracing
}

/**
 * Makes what `createFleet` takes, over the tracer, the meter, the context manager and the propagator that
 * the application registered globally, before or after.
 *
 * Spans: `process {type}/{channel}` for each message, in which its handlers run, and `send {command}` for
 * each command until its reply; `devicehub.login` and `devicehub.decision`, made when they are over.
 * Instruments: counters `devicehub.logins`, `.decisions`, `.messages`, `.rejections` and `.commands`, and
 * histograms of seconds, `devicehub.login.duration` and so on, with the attributes that
 * `fleetMetrics` has as labels: no device, user or topic.
 *
 * @throws {ConfigError} If an option is unknown.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { openTelemetry } from 'devicehub/otel'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore(), ...openTelemetry() })
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetry {
  checkOptions(options, { propagate: true })
  const { propagate = true } = options
  const tracer = trace.getTracer('devicehub')
  const count = instruments(() => metrics.getMeter('devicehub'))
  const observe = observeSpans(tracer)
  return {
    observer(event) {
      count(event)
      observe(event)
    },
    tracing: spans(tracer, propagate),
  }
}
