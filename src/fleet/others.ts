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
import { readAnnouncement, writeAnnouncement } from './announcement.ts'
import type { ChangeFailure, Changes, DeviceChange } from './changes.ts'
import { type FeedWatch, feedText, watchFeed } from './feed-watch.ts'
import type { FleetWatch, WatchOptions } from './fleet.ts'
import type { KnownPrincipals } from './known.ts'

/** Milliseconds for a change to be on its way. */
const ANNOUNCE_LIMIT_MS = 5_000
/** Seconds for which it is known who acts on a change: a process that stood still must not act again. */
const CLAIM_LIFETIME = 600

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
  #changes = 0
  #isWatched = false

  constructor({ feed, keys }: OtherProcessesOptions) {
    this.#feed = feed
    this.#keys = keys
  }

  /** Tells them. Rejects if it may not have been sent. */
  async announce(change: DeviceChange, ways: readonly string[]): Promise<void> {
    const id = `${this.#origin}-${++this.#changes}`
    const text = feedText(this.#origin, writeAnnouncement({ change, id, ways }))
    checkFeedText(text)
    const publish = async () => this.#feed.publish(text)
    await withinDeadline(ANNOUNCE_LIMIT_MS, publish, undefined, 'answer of the feed')
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
    const announcement = readAnnouncement(told)
    if (!announcement) {
      // A later version may tell what this one does not know.
      known.forgetAll()
      log.write(
        'warn',
        'unknown',
        'Another process told something that this version does not know.',
      )
      return
    }
    const { id, change, ways } = announcement
    known.forget(change.username)
    const what = `act on a change that another process made: ${change.kind}`
    changes.hear(change, ways, (way) => this.#claim(id, way), failureLog(log, what))
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
