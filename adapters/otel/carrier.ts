/**
 * W3C trace context in the user properties of MQTT 5, and nothing else: neither is a device told what
 * baggage an application carries, nor is any taken from it.
 *
 * @module
 */
import { type Context, context, propagation, ROOT_CONTEXT } from '@opentelemetry/api'
import type { ContextCarrier } from '../../src/fleet/tracing.ts'

const KEYS = ['traceparent', 'tracestate']

/** The context that came along. The root, if none did. */
export function contextOf(carrier: ContextCarrier): Context {
  return propagation.extract(ROOT_CONTEXT, carrier, {
    keys: (carrier) => KEYS.filter((key) => Object.hasOwn(carrier, key)),
    get(carrier, key) {
      if (!KEYS.includes(key) || !Object.hasOwn(carrier, key)) return undefined
      const value = carrier[key]
      // One that came twice says nothing.
      return typeof value === 'string' ? value : undefined
    },
  })
}

/** What tells others of the active context. */
export function carrierOf(): Readonly<Record<string, string>> {
  const carrier: Record<string, string> = {}
  propagation.inject(context.active(), carrier, {
    set(carrier, key, value) {
      if (KEYS.includes(key)) carrier[key] = value
    },
  })
  return carrier
}
