/**
 * The other processes of a fleet: they are told of its changes, and what they tell counts here.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { type ChangeFeed, checkFeedText } from '../base/change-feed.ts'
import { withinDeadline } from '../base/deadline.ts'
import { ConfigError } from '../base/errors.ts'
import type { ExpiringKeys } from '../base/expiring-keys.ts'
import { describeError } from '../base/log.ts'
import { checkOptions } from '../base/options.ts'
import { type QuietLog, quietLog } from '../base/quiet-log.ts'
import { joinAnnouncements, readAnnouncements, writeAnnouncement } from './announcement.ts'
import type { ChangeFailure, Changes, DeviceChange } from './changes.ts'
import { type FeedWatch, feedText, watchFeed } from './feed-watch.ts'
import type { FleetWatch, WatchOptions } from './fleet.ts'
import type { KnownPrincipals } from './known.ts'

/** Milliseconds for a change to be on its way. */
const ANNOUNCE_LIMIT_MS = 5_000
/** Seconds for which it is known who acts on a change: a process that stood still must not act again. */
const CLAIM_LIFETIME = 600

/** Most bytes of changes in a text, which is no longer then than any feed takes. */
const MAX_BATCH_BYTES = 6_900

/** A change that is to be sent. */
interface Waiting {
  readonly text: string
  resolve(): void
  reject(error: unknown): void
}

/** What {@link OtherProcesses} takes. */
export interface OtherProcessesOptions {
  readonly feed: ChangeFeed
  /** What the processes share. `undefined` if nothing: then each takes every way it has. */
  readonly keys: ExpiringKeys | undefined
}

/** What is done with what the others tell. */
export interface Hearers {
  readonly known: Pick<KnownPrincipals, 'forget' | 'forgetAll'>
  readonly changes: Pick<Changes, 'hear' | 'missed'>
}

/** See the module. */
export class OtherProcesses {
  readonly #feed: ChangeFeed
  readonly #keys: ExpiringKeys | undefined
  /** Tells this fleet object apart from all others, in this process and elsewhere. */
  readonly #origin = bytesToHex(crypto.getRandomValues(new Uint8Array(12)))
  readonly #waiting: Waiting[] = []
  #isSending = false
  #changes = 0
  #isWatched = false

  constructor({ feed, keys }: OtherProcessesOptions) {
    this.#feed = feed
    this.#keys = keys
  }

  /** Tells them. Rejects if it may not have been sent. */
  async announce(change: DeviceChange, ways: readonly string[]): Promise<void> {
    const id = `${this.#origin}-${++this.#changes}`
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
    return feedText(this.#origin, joinAnnouncements(written))
  }

  /** See `Fleet.watch`. */
  async watch(hearers: Hearers, options: WatchOptions = {}): Promise<FleetWatch> {
    checkOptions(options, { logger: true })
    const { logger = console } = options
    if (this.#isWatched) throw new ConfigError('watch', 'runs already: close that one first')
    this.#isWatched = true
    const log = quietLog(logger)
    const watch = await watchFeed({
      feed: this.#feed,
      origin: this.#origin,
      logger,
      onText: (text) => this.#hear(text, hearers, log),
      onListening() {
        hearers.known.forgetAll()
        hearers.changes.missed(failureLog(log, 'catch up on changes that other processes made'))
      },
    })
    return this.#handle(watch, log)
  }

  #handle(watch: FeedWatch, log: QuietLog): FleetWatch {
    let ended: Promise<void> | undefined
    const end = async () => {
      await watch.close()
      log.close()
      this.#isWatched = false
    }
    const handle: FleetWatch = {
      get isListening() {
        return watch.isListening
      },
      close() {
        ended ??= end()
        return ended
      },
      [Symbol.asyncDispose]: () => handle.close(),
    }
    return handle
  }

  #hear(text: string, { known, changes }: Hearers, log: QuietLog): void {
    const [, told = ''] = /^\S+ (.*)$/s.exec(text) ?? []
    if (/^echo \d+$/.test(told)) return
    for (const announcement of readAnnouncements(told)) {
      if (!announcement) {
        // A later version may tell what this one does not know.
        known.forgetAll()
        const problem = 'Another process told something that this version does not know.'
        log.write('warn', 'unknown', problem)
        continue
      }
      const { id, change, ways } = announcement
      known.forget(change.username)
      const what = `act on a change that another process made: ${change.kind}`
      changes.hear(change, ways, (way) => this.#claim(id, way), failureLog(log, what))
    }
  }

  /** Whether this process is the first that would take a way. */
  async #claim(id: string, way: string): Promise<boolean> {
    if (!this.#keys) return true
    try {
      const key = `change/${id.slice(0, 100)}/${bytesToHex(sha256(utf8ToBytes(way)))}`
      return await this.#keys.setIfAbsent(key, this.#origin, CLAIM_LIFETIME)
    } catch {
      // Twice is better than never.
      return true
    }
  }
}

function failureLog(log: QuietLog, what: string): (failure: ChangeFailure) => void {
  return ({ name, error }) => {
    log.write('error', 'failed', `${name} could not ${what}: ${describeError(error)}`)
  }
}
