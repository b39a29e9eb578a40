/**
 * A retained message as it is kept.
 *
 * @module
 */
import type { PacketQos, PublishProperties } from '../packet/packet.ts'
import type { ApplicationMessage } from './message.ts'

/** What a level of a topic takes. */
const LEVEL_BYTES = 250
/** Up to here an array takes more for itself than for its bytes. */
const SMALL_PAYLOAD = 512
const LAST_ASCII = 0x7f

const encoder = /* @__PURE__ */ new TextEncoder()
const decoder = /* @__PURE__ */ new TextDecoder()

/** The message of one topic. */
export class RetainedMessage {
  readonly topic: string
  /** Who published it. */
  readonly owner: string
  /** What it takes, with its place among the others. */
  readonly bytes: number
  /** By the server's clock. */
  readonly expiresAt: number
  readonly #qos: PacketQos
  readonly #properties: PublishProperties | undefined
  // A text of a hundred bytes takes 120, and an array of them takes 350.
  readonly #payload: string | Uint8Array

  constructor(owner: string, message: ApplicationMessage) {
    const { topic, payload, qos, properties, bytes, expiresAt } = message
    this.topic = topic
    this.owner = owner
    this.bytes = bytes + LEVEL_BYTES * topic.split('/').length
    this.expiresAt = expiresAt
    this.#qos = qos
    this.#properties = properties
    this.#payload = isSmallText(payload) ? decoder.decode(payload) : payload
  }

  /** As it was published. */
  get message(): ApplicationMessage {
    const { topic, bytes, expiresAt } = this
    return {
      topic,
      payload: typeof this.#payload === 'string' ? encoder.encode(this.#payload) : this.#payload,
      qos: this.#qos,
      retain: true,
      properties: this.#properties,
      bytes: bytes - LEVEL_BYTES * topic.split('/').length,
      expiresAt,
      plain: undefined,
    }
  }
}

function isSmallText(payload: Uint8Array): boolean {
  return payload.length <= SMALL_PAYLOAD && payload.every((byte) => byte <= LAST_ASCII)
}
