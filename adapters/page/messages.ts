/**
 * The messages of one device since they were told last.
 *
 * @module
 */
import type { DeviceRef } from '../../src/device/reference.ts'
import { keyOf } from './query.ts'
import type { HeardMessage } from './source.ts'
import type { LiveMessage, MessagesEvent } from './wire.ts'

/** Most messages that are told at once. */
const MAX_MESSAGES = 50
const MAX_TEXT = 2_000
const MAX_NUMBERS = 32
const MAX_DEPTH = 4

/** See the module. */
export class FollowedDevice {
  readonly ref: DeviceRef
  readonly #key: string
  #messages: LiveMessage[] = []
  #dropped = 0

  constructor(ref: DeviceRef) {
    this.ref = ref
    this.#key = keyOf(ref)
  }

  /** A message came: the newest are kept. */
  heard(message: HeardMessage): void {
    if (keyOf(message.device) !== this.#key || message.isRetained) return
    this.#messages.push(toldMessage(message))
    if (this.#messages.length <= MAX_MESSAGES) return
    this.#messages.shift()
    this.#dropped++
  }

  /** What came since it was asked last; `undefined` if nothing. */
  take(at: number): MessagesEvent | undefined {
    if (this.#messages.length === 0) return undefined
    const event = { at, ...this.ref, messages: this.#messages, dropped: this.#dropped }
    this.#messages = []
    this.#dropped = 0
    return event
  }
}

function toldMessage({ at, channel, timestamp, value }: HeardMessage): LiveMessage {
  const text = jsonOf(value)
  const numbers: Record<string, number> = {}
  addNumbers(numbers, value, [])
  return {
    ...{ at, channel },
    ...(timestamp !== undefined && { timestamp }),
    text: text.slice(0, MAX_TEXT),
    isCut: text.length > MAX_TEXT,
    numbers,
  }
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    // A schema may make something of it that is none, such as a bigint.
    return ''
  }
}

/** Adds the numbers of a value by their paths. */
function addNumbers(found: Record<string, number>, value: unknown, path: readonly string[]): void {
  if (typeof value === 'number' && Number.isFinite(value) && path.length > 0) {
    if (Object.keys(found).length < MAX_NUMBERS) found[path.join('.')] = value
    return
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return
  if (path.length === MAX_DEPTH) return
  for (const [name, inner] of Object.entries(value)) addNumbers(found, inner, [...path, name])
}
