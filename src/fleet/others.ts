/**
 * The other processes of a fleet, which are told of its changes. What they tell counts here while
 * `watchFleet` listens.
 *
 * @module
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { type ChangeFeed, checkFeedText, feedText } from '../base/change-feed.ts'
import { withinDeadline } from '../base/deadline.ts'
import { joinAnnouncements, writeAnnouncement } from './announcement.ts'
import type { FleetChange } from './changes.ts'

/** Milliseconds for a change to be on its way. */
const ANNOUNCE_LIMIT_MS = 5_000
/** Most bytes of changes in a text, which is no longer then than any feed takes. */
const MAX_BATCH_BYTES = 6_900

/** A change that is to be sent. */
interface Waiting {
  readonly text: string
  resolve(): void
  reject(error: unknown): void
}

/** See the module. */
export class OtherProcesses {
  readonly #feed: ChangeFeed
  /** Tells this fleet object apart from all others, in this process and elsewhere. */
  readonly origin: string = bytesToHex(crypto.getRandomValues(new Uint8Array(12)))
  readonly #waiting: Waiting[] = []
  #isSending = false
  #changes = 0

  constructor(feed: ChangeFeed) {
    this.#feed = feed
  }

  /** Tells them. Rejects if it may not have been sent. */
  async announce(change: FleetChange, ways: readonly string[]): Promise<void> {
    const id = `${this.origin}-${++this.#changes}`
    const text = writeAnnouncement({ change, id, ways })
    checkFeedText(this.#textOf([text]))
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject })
      void this.#send()
    })
  }

  /** Sends what waits, one text after another: of many changes at once many in each. Never rejects. */
  async #send(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      try {
        const publish = async () => this.#feed.publish(this.#textOf(batch.map(({ text }) => text)))
        await withinDeadline(ANNOUNCE_LIMIT_MS, publish, undefined, 'answer of the feed')
        for (const { resolve } of batch) resolve()
      } catch (error) {
        // What else waits would wait for the same.
        for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(error)
      }
    }
    this.#isSending = false
  }

  /** As many as fit into a text, one at least. */
  #takeBatch(): readonly Waiting[] {
    let length = 0
    const more = this.#waiting.findIndex(({ text }, i) => {
      length += utf8ToBytes(text).length + 1
      return i > 0 && length > MAX_BATCH_BYTES
    })
    return this.#waiting.splice(0, more < 0 ? this.#waiting.length : more)
  }

  #textOf(written: readonly string[]): string {
    return feedText(this.origin, joinAnnouncements(written))
  }
}
