/**
 * One stream: what happens, gathered, for one page that is open.
 *
 * @module
 */
import { clock, monotonicNow } from '../../src/base/clock.ts'
import { withinDeadline } from '../../src/base/deadline.ts'
import { describeError } from '../../src/base/log.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { Operator } from '../admin/operator.ts'
import { ProblemError } from '../admin/problem.ts'
import { RefusedLog } from './log.ts'
import { FollowedDevice } from './messages.ts'
import { keyOf, type LiveQuery } from './query.ts'
import { Rates } from './rates.ts'
import type { HeardMessage, LiveSource } from './source.ts'
import { WatchedDevices } from './watched.ts'
import type { EndEvent, LiveEvents } from './wire.ts'

/** From one gathering to the next, in milliseconds. All below is counted in them. */
const TICK_MS = 1_000
/** How often the store is read: what other processes heard is in it. */
const READ_TICKS = 5
const READ_LIMIT_MS = 5_000
/** How often something is sent if there is nothing to tell: proxies end what is silent for a minute. */
const HEARTBEAT_TICKS = 15
/** How often it is asked whether the operator may listen, and how long that may take. */
const CHECK_TICKS = 20
const CHECK_LIMIT_MS = 10_000
/** Within so many seconds, then, it is found out that it may not any more. */
const RECHECK_SECONDS = (CHECK_TICKS * TICK_MS + CHECK_LIMIT_MS) / 1_000
/** Bytes that wait for the reader before nothing more is gathered for it, and how long it has then. */
const MAX_WAITING_BYTES = 65_536
const SLOW_TICKS = 30
/** After so long without a tick nobody reads it any more, in milliseconds. */
const DEAD_MS = 60_000

const encoder = new TextEncoder()

/** What {@link LiveStream} takes. */
export interface StreamOptions {
  readonly fleet: Fleet
  readonly source: LiveSource
  readonly query: LiveQuery
  readonly operator: Operator
  readonly log: QuietLog
  /** Who listens, by now. */
  readonly check: () => Promise<Operator>
  /** Called once, when it is over. */
  readonly onStop: () => void
}

/** See the module. Its timers and reads are its own: in an edge worker no request may wait for another's. */
export class LiveStream {
  readonly operatorName: string
  readonly body: ReadableStream<Uint8Array>
  readonly #options: StreamOptions
  readonly #devices: WatchedDevices
  /** Those whose states are told. */
  readonly #watched: ReadonlySet<string>
  readonly #followed: FollowedDevice | undefined
  readonly #refused: RefusedLog | undefined
  readonly #rates = new Rates()
  readonly #stopListening: () => void
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #cancelTick: () => void = () => {}
  #ticks = 0
  #slowTicks = 0
  #tickedAt = monotonicNow()
  #isReading = false
  #isStoreWell = true
  #isOver = false

  constructor(options: StreamOptions) {
    this.#options = options
    const { fleet, source, query, operator } = options
    this.operatorName = operator.name
    const { devices, follow } = query
    this.#watched = new Set(devices.map(keyOf))
    this.#devices = new WatchedDevices(fleet, operator, [...devices, ...(follow ? [follow] : [])])
    this.#followed = follow && new FollowedDevice(follow)
    this.#refused = query.log ? new RefusedLog(fleet, operator) : undefined
    this.body = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller
        },
        cancel: () => this.stop(),
      },
      { highWaterMark: MAX_WAITING_BYTES, size: (chunk) => chunk!.byteLength },
    )
    this.#stopListening = source.listen({
      heard: (message) => this.#hear(message),
      refused: (refused) => this.#refused?.add(refused),
    })
    this.#write('retry: 3000\n\n')
    this.#send('open', { at: clock().date(), recheck: RECHECK_SECONDS })
    this.#sendHubs()
    void this.#read()
    this.#schedule()
  }

  /** Whether its client is gone without a word. */
  isDead(now: number): boolean {
    return now - this.#tickedAt > DEAD_MS
  }

  /** Ends it. A second call does nothing. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelTick()
    this.#stopListening()
    try {
      this.#controller.close()
    } catch {
      // It was cancelled.
    }
    this.#options.onStop()
  }

  #schedule(): void {
    this.#cancelTick = clock().after(TICK_MS, () => void this.#tick(), true)
  }

  async #tick(): Promise<void> {
    this.#tickedAt = monotonicNow()
    this.#ticks++
    this.#schedule()
    if (this.#ticks % CHECK_TICKS === 0) void this.#check()
    // A reader that takes nothing is sent nothing more, so that nothing piles up.
    if ((this.#controller.desiredSize ?? 0) <= 0) {
      if (++this.#slowTicks === SLOW_TICKS) this.#end('slow')
      return
    }
    this.#slowTicks = 0
    if (this.#ticks % HEARTBEAT_TICKS === 0) this.#write(': still there\n\n')
    if (this.#ticks % READ_TICKS === 0) void this.#read()
    else this.#sendStates()
    this.#sendMessages()
    this.#sendHubs()
    await this.#sendLog()
  }

  #hear(message: HeardMessage): void {
    this.#devices.heard(message)
    this.#followed?.heard(message)
  }

  #sendStates(): void {
    const at = clock().date()
    const news = this.#devices.news(at).filter((device) => this.#watched.has(keyOf(device)))
    if (news.length > 0) this.#send('states', { at, devices: news })
  }

  #sendMessages(): void {
    const followed = this.#followed
    if (!followed) return
    const event = followed.take(clock().date())
    if (event && this.#devices.isSeen(followed.ref)) this.#send('messages', event)
  }

  #sendHubs(): void {
    const { query, source } = this.#options
    if (!query.hubs) return
    const hubs = this.#rates.of(source.hubs(), clock().now())
    this.#send('hubs', { at: clock().date(), hubs })
  }

  async #sendLog(): Promise<void> {
    if (!this.#refused) return
    const refused = this.#refused
    const event = await this.#asked(() => refused.take(clock().date()))
    if (event) this.#send('log', event)
  }

  /** Reads the store, and tells of what is new then, unless the next tick has done so. */
  async #read(): Promise<void> {
    if (this.#isReading) return this.#sendStates()
    this.#isReading = true
    const begun = this.#ticks
    const isRead = await this.#asked(async () => {
      await this.#devices.read()
      return true
    })
    if (isRead) this.#tellStore(true)
    this.#isReading = false
    if (this.#ticks === begun) this.#sendStates()
  }

  /** Does what may ask the store, and tells once that it fails. */
  async #asked<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await withinDeadline(READ_LIMIT_MS, work, undefined, 'answer')
    } catch (error) {
      const { log } = this.#options
      log.write('error', 'live', `The store could not be read for a page: ${describeError(error)}`)
      this.#tellStore(false)
      return undefined
    }
  }

  #tellStore(isWell: boolean): void {
    if (isWell === this.#isStoreWell) return
    this.#isStoreWell = isWell
    this.#send('store', { at: clock().date(), isWell })
  }

  /** Ends the stream unless whoever listens may still do so. */
  async #check(): Promise<void> {
    const { check, operator, log } = this.#options
    try {
      const now = await withinDeadline(CHECK_LIMIT_MS, check, undefined, 'answer of authorize')
      if (JSON.stringify(now) !== JSON.stringify(operator)) this.#end('operator-changed')
    } catch (error) {
      if (error instanceof ProblemError) return this.#end('operator-unknown')
      log.write('error', 'authorize', `authorize failed: ${describeError(error)}`)
      this.#end('check-failed')
    }
  }

  #end(code: EndEvent['code']): void {
    this.#send('end', { at: clock().date(), code })
    this.stop()
  }

  #send<Name extends keyof LiveEvents>(name: Name, event: LiveEvents[Name]): void {
    this.#write(`event: ${name}\ndata: ${JSON.stringify(event)}\n\n`)
  }

  #write(text: string): void {
    if (!this.#isOver) this.#controller.enqueue(encoder.encode(text))
  }
}
