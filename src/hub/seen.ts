/**
 * Messages that were handled already: QoS 1 may bring one twice, and the sender's id tells.
 *
 * @module
 */
import type { ExpiringKeys } from '../base/expiring-keys.ts'
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import type { Message } from '../broker/broker.ts'
import type { DeviceType } from '../device/type.ts'

/** The user property that carries a message's id. */
export const MESSAGE_ID_PROPERTY = 'message-id'
const MAX_ID_LENGTH = 512
/** Seconds for which a handled message is remembered: a day. */
const LIFETIME = 86_400

/** Which messages were handled, as far as the keys know. */
export interface SeenMessages {
  /** Whether a message was handled. Asked before its handlers are called. */
  has(id: string): MaybePromise<boolean>
  /** Remembers a message whose handlers are done. It is acknowledged when this settles. */
  add(id: string): MaybePromise<void>
}

/** Remembers messages in keys, apart from those of fleets with another prefix. */
export function seenMessages(keys: ExpiringKeys, prefix: string): SeenMessages {
  const key = (id: string) => `seen/${prefix}/${id}`
  return {
    has: (id) => andThen(keys.get(key(id)), (value) => value !== undefined),
    add: (id) => keys.set(key(id), '1', LIFETIME),
  }
}

/**
 * What tells a message from every other one of its device; `undefined` if its sender says nothing, or
 * more than fits.
 *
 * @param value What its schema made of it.
 */
export function messageIdOf(
  type: DeviceType,
  deviceId: string,
  channel: 'data' | 'status',
  message: Message,
  value: unknown,
): string | undefined {
  const property = message.userProperties?.[MESSAGE_ID_PROPERTY]
  const field = channel === 'data' ? fieldOf(value, type.messageId) : undefined
  const own = typeof property === 'string' ? property : field
  if ((typeof own !== 'string' && typeof own !== 'number') || own === '') return undefined
  const id = `${type.name}/${deviceId}/${channel}/${own}`
  return id.length > MAX_ID_LENGTH ? undefined : id
}

function fieldOf(value: unknown, name: string | undefined): unknown {
  if (name === undefined || typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}
