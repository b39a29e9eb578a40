/**
 * A fleet that listens to its other processes: what they change counts here.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { ConfigError } from '../base/errors.ts'
import { describeError, type Logger } from '../base/log.ts'
import { checkOptions } from '../base/options.ts'
import { type QuietLog, quietLog } from '../base/quiet-log.ts'
import { readAnnouncements } from './announcement.ts'
import type { ChangeFailure } from './changes.ts'
import { type FeedWatch, watchFeed } from './feed-watch.ts'
import type { Fleet } from './fleet.ts'
import { tellHeard, tellMissed } from './heard-changes.ts'
import { type Hearing, hearingOf } from './hearing.ts'

/** Seconds for which it is known who acts on a change: a process that stood still must not act again. */
const CLAIM_LIFETIME = 600

/** What {@link watchFleet} takes beside the fleet. */
export interface WatchOptions {
  /** Where it is logged that nothing is heard, within bounds, and who failed to act. Default: `console`. */
  readonly logger?: Logger
}

/** A fleet that listens to what other processes change. */
export interface FleetWatch extends AsyncDisposable {
  /** Whether it is heard, as far as is known: a connection that was cut is noticed within 20 seconds. */
  readonly isListening: boolean
  /** Listens no more. Settles when its connection is gone; a second call settles with the first. */
  close(): Promise<void>
  /** {@link FleetWatch.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

const WATCHED: WeakSet<Hearing> = /* @__PURE__ */ new WeakSet()

/**
 * Listens to what other processes change, over the {@link FleetOptions.feed}, until it is closed: such
 * a change counts for the next question, and is told to those of {@link Fleet.onChange} whose it is.
 * Whenever it begins to listen, at first and after a connection was lost, everything that was kept is
 * read again. It keeps the process running.
 *
 * Settles when it listens, or could not at first: it goes on trying, with pauses that grow from 0.1 to
 * 10 seconds. No decision waits for it, and while it does not listen changes of others count after
 * {@link FleetOptions.rulesLifetime}.
 *
 * @param fleet As `createFleet` made it, and no copy of it.
 * @throws {ConfigError} If the fleet has no feed, this runs already, or an option is unknown.
 *
 * @example
 * ```ts
 * import { type ChangeFeed, createFleet, defineDeviceType, memoryStore, watchFleet } from 'devicehub'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 *
 * export async function start(feed: ChangeFeed) {
 *   const fleet = createFleet({ types: [pump], store: memoryStore(), feed })
 *   return { fleet, watch: await watchFleet(fleet) }
 * }
 * ```
 */
export async function watchFleet(fleet: Fleet, options: WatchOptions = {}): Promise<FleetWatch> {
  const hearing = hearingOf(fleet)
  if (!hearing) {
    throw new ConfigError('feed', 'is missing: nothing tells what other processes change')
  }
  checkOptions(options, { logger: true })
  const { logger = console } = options
  if (WATCHED.has(hearing)) throw new ConfigError('watch', 'runs already: close that one first')
  WATCHED.add(hearing)
  const log = quietLog(logger)
  const { feed, origin, known, changes } = hearing
  const watch = await watchFeed({
    feed,
    origin,
    logger,
    onText: (text) => hear(text, hearing, log),
    onListening() {
      known.forgetAll()
      const onFailure = failureLog(log, 'catch up on changes that other processes made')
      tellMissed(changes.listeners, onFailure)
    },
  })
  return handleOf(watch, async () => {
    await watch.close()
    log.close()
    WATCHED.delete(hearing)
  })
}

function handleOf(watch: FeedWatch, end: () => Promise<void>): FleetWatch {
  let ended: Promise<void> | undefined
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

function hear(text: string, hearing: Hearing, log: QuietLog): void {
  const { known, changes, revocations } = hearing
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
    if (change.kind === 'tokens-revoked') revocations?.heard(change.username, change.issuedUntil)
    known.forget(change.username)
    const what = `act on a change that another process made: ${change.kind}`
    const claim = (way: string) => claimOf(hearing, id, way)
    tellHeard(changes.listeners, change, ways, claim, failureLog(log, what))
  }
}

/** Whether this process is the first that would take a way. */
async function claimOf({ keys, origin }: Hearing, id: string, way: string): Promise<boolean> {
  if (!keys) return true
  try {
    const key = `change/${id.slice(0, 100)}/${bytesToHex(sha256(utf8ToBytes(way)))}`
    return await keys.setIfAbsent(key, origin, CLAIM_LIFETIME)
  } catch {
    // Twice is better than never.
    return true
  }
}

function failureLog(log: QuietLog, what: string): (failure: ChangeFailure) => void {
  return ({ name, error }) => {
    log.write('error', 'failed', `${name} could not ${what}: ${describeError(error)}`)
  }
}
