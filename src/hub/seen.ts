/**
 * Messages that were handled already: QoS 1 may bring one twice, and the sender's id tells.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { type RecentMap, recentMap } from '../base/recent-map.ts'
import type { Message } from '../broker/broker.ts'
import type { DeviceType } from '../device/type.ts'

/**
 * Remembers which messages were handled. One that several hubs share, such as a table or a cache, tells
 * them of each other's. An id is `{type}/{deviceId}/{channel}/{message id}`, at most 512 characters.
 */
export interface SeenStore {
  /** Whether a message was handled. Asked before its handlers are called. */
  has(id: string): boolean | Promise<boolean>
  /** Remembers a message whose handlers are done. It is acknowledged when this settles. */
  add(id: string): void | Promise<void>
}

/** The user property that carries a message's id. */
export const MESSAGE_ID_PROPERTY = 'message-id'
const MAX_ID_LENGTH = 512
const DEFAULT_SIZE = 10_000

/**
 * Makes a store in memory, for one hub: what it knows ends with the process.
 *
 * @param options `size`: how many ids it keeps, an even number, 2 or more; beyond it the half that was
 * added longest ago is forgotten. Default: 10,000.
 * @throws {ConfigError} If the size is not that.
 */
export function memorySeenStore({
  size = DEFAULT_SIZE,
}: {
  readonly size?: number
} = {}): SeenStore {
  if (!Number.isSafeInteger(size) || size < 2 || size % 2 !== 0) {
    throw new ConfigError('size', 'must be an even number, 2 or more')
  }
  const seen: RecentMap<string, true> = recentMap(size)
  return {
    has: (id) => seen.get(id) === true,
    add: (id) => seen.set(id, true),
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
