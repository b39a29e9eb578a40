/**
 * Messages that are kept: whoever gave one may change it later.
 *
 * @module
 */
import type { OutgoingMessage } from './broker.ts'

/** Copies a checked message, its bytes and its user properties too. */
export function copyMessage<M extends OutgoingMessage>(message: M): M {
  const { payload, correlationData, userProperties } = message
  return {
    ...message,
    // Not by `slice`, which for a Buffer is no copy.
    payload: new Uint8Array(payload),
    ...(correlationData && { correlationData: new Uint8Array(correlationData) }),
    ...(userProperties && { userProperties: structuredClone(userProperties) }),
  }
}
