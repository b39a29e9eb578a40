/**
 * Spans around what a hub does. The names of attributes are those of OpenTelemetry's conventions for
 * messaging, as far as there are any.
 *
 * @module
 */
import {
  type Attributes,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { DeviceHubError } from '../../src/base/errors.ts'
import { isPromise } from '../../src/base/maybe-promise.ts'
import type { Tracing } from '../../src/fleet/tracing.ts'
import { carrierOf, contextOf } from './carrier.ts'

/** Makes them. */
export function spans(tracer: Tracer, propagate: boolean): Tracing {
  return {
    message({ type, id, channel, broker, topic, carrier }, work) {
      const parent = propagate ? contextOf(carrier) : ROOT_CONTEXT
      const attributes: Attributes = {
        'messaging.system': 'mqtt',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': topic,
        'devicehub.type': type,
        'devicehub.device': id,
        'devicehub.channel': channel,
        'devicehub.broker': broker,
      }
      const options = { kind: SpanKind.CONSUMER, attributes }
      const span = tracer.startSpan(`process ${type}/${channel}`, options, parent)
      const result = context.with(trace.setSpan(parent, span), work)
      if (isPromise(result)) void result.then(() => span.end())
      else span.end()
    },

    command({ type, id, command, broker }, work) {
      const attributes: Attributes = {
        'messaging.system': 'mqtt',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'devicehub.type': type,
        'devicehub.device': id,
        'devicehub.command': command,
        'devicehub.broker': broker,
      }
      const span = tracer.startSpan(`send ${command}`, { kind: SpanKind.PRODUCER, attributes })
      const sent = context.with(trace.setSpan(context.active(), span), () => {
        return work(propagate ? carrierOf() : {})
      })
      sent.then(
        () => span.end(),
        (error: unknown) => {
          failSpan(span, error instanceof DeviceHubError ? error.code : 'aborted')
          span.end()
        },
      )
    },
  }
}

/** Marks a span as failed, by a code. Messages are left out: one may quote what a device sent. */
export function failSpan(span: Span, code: string): void {
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
