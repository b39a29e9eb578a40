/**
 * What a hub tells its user.
 *
 * @module
 */
import type { Message } from '../broker/broker.ts'
import type { DeviceRef } from '../device/reference.ts'
import type { DataOf, DeviceType, StatusOf } from '../device/type.ts'

/** What all messages of devices have in common. */
export interface DeviceEvent {
  readonly device: DeviceRef
  /** The device's own time, when it sent a readable `timestamp`. */
  readonly timestamp: Date | undefined
  /** When the hub received the message. */
  readonly receivedAt: Date
  /** Name of the broker it came through. */
  readonly broker: string
  /** The message as it arrived. */
  readonly message: Message
}

/** A valid `data` message. */
export interface DataEvent<T extends DeviceType = DeviceType> extends DeviceEvent {
  readonly data: DataOf<T>
}

/** A valid `status` message. */
export interface StatusEvent<T extends DeviceType = DeviceType> extends DeviceEvent {
  readonly status: StatusOf<T>
}

/** Why a message was not delivered to a handler. Stable, to switch on. */
export type RejectionCode =
  /** No declared type has this topic, or devices do not send on it. */
  | 'topic-unknown'
  /** The topic is of a declared type, whose devices belong to another broker than this one. */
  | 'broker-foreign'
  /** The device is not provisioned, or revoked. */
  | 'device-unknown'
  /** The payload is no JSON text in UTF-8, or holds a number too large to be read. */
  | 'payload-malformed'
  /** The schema of the type refuses the payload. */
  | 'payload-invalid'
  /** A handler, or the store, failed in every attempt. */
  | 'handler-failed'
  /** A reply to a command of this hub that waits no more, or from another device than was asked. */
  | 'reply-unexpected'

/** A message that was not delivered. It is acknowledged: it does not come back. */
export interface Rejection {
  readonly code: RejectionCode
  /**
   * The reason as one line of printable characters, of which 600 are kept at most. It may quote a little
   * of what the device sent; whatever would break or reorder a line is escaped as `\u{…}`.
   */
  readonly text: string
  readonly broker: string
  /** The message as it arrived. */
  readonly message: Message
  readonly device?: DeviceRef
  /** What was thrown, where something was. */
  readonly error?: unknown
}

/** A message whose handler failed in every attempt. */
export interface DeadLetter {
  readonly device: DeviceRef
  readonly broker: string
  /** The message as it arrived, with the raw bytes. */
  readonly message: Message
  /** What the last attempt threw. */
  readonly error: unknown
  /** How often it was tried. */
  readonly attempts: number
}
