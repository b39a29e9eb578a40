/**
 * Listening to a feed, again and again: a connection that is lost, cut without a word or never made
 * keeps nobody waiting, and is made anew.
 *
 * @module
 */
import { type ChangeFeed, type FeedConnection, feedText } from '../base/change-feed.ts'
import { monotonicNow } from '../base/clock.ts'
import { withinDeadline } from '../base/deadline.ts'
import { toError } from '../base/errors.ts'
import { describeError, type Logger } from '../base/log.ts'
import { quietLog } from '../base/quiet-log.ts'

/** Milliseconds in which a connection has to be made. */
export const LISTEN_LIMIT_MS = 10_000
/** Milliseconds without any text after which one is sent, to hear whether it still listens. */
export const SILENCE_MS = 15_000
/** Milliseconds in which that has to be heard. */
export const ECHO_LIMIT_MS = 5_000
/** Milliseconds for which the end of a connection is waited for. */
const CLOSE_LIMIT_MS = 2_000
/** Milliseconds: the longest that the first pause of a row may be, and that any may be. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** Milliseconds after which a connection counts as good, so that the pauses begin anew. */
const GOOD_AFTER_MS = 30_000

/** What {@link watchFeed} takes. */
export interface FeedWatchOptions {
  readonly feed: ChangeFeed
  /** What each text of this process begins with, without a space: those are not told. */
  readonly origin: string
  readonly logger: Logger
  /** Another process sent this. Never throws. */
  readonly onText: (text: string) => void
  /** It listens, from now on or anew: what was sent before may have been missed. Never throws. */
  readonly onListening: () => void
}

/** A feed that is listened to. */
export interface FeedWatch {
  /** Whether it is, as far as is known. */
  readonly isListening: boolean
  /** Listens no more. Settles when the connection is gone; a second call settles with the first. */
  close(): Promise<void>
}

/** Begins. Settles when it listens, or the first attempt failed. */
export async function watchFeed(options: FeedWatchOptions): Promise<FeedWatch> {
  const { feed, origin, onText, onListening } = options
  const log = quietLog(options.logger)
  const own = feedText(origin, '')
  /** What of its own it waits to hear. */
  const echoes = new Map<string, () => void>()
  let sent = 0
  let heardAt = 0
  let isListening = false
  let isTold = false
  let isClosed = false
  let wake = () => {}
  let finish = () => {}

  function hear(text: string): void {
    heardAt = monotonicNow()
    if (text.startsWith(own)) echoes.get(text)?.()
    else onText(text)
  }

  /** Sends a text, and settles when it comes back. */
  async function hearItself(): Promise<void> {
    const text = `${own}echo ${++sent}`
    const heard = new Promise<void>((resolve) => echoes.set(text, resolve))
    try {
      const limit = async () => {
        await feed.publish(text)
        await heard
      }
      await withinDeadline(ECHO_LIMIT_MS, limit, undefined, 'text of its own heard')
    } finally {
      echoes.delete(text)
    }
  }

  /** Settles after a time, or when it is closed. */
  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (isClosed) wake()
    })
  }

  function begin(): void {
    isListening = true
    if (isTold) log.write('info', 'heard', 'Changes that other processes make are heard again.')
    isTold = false
    onListening()
  }

  /** Listens until it is closed. Rejects when it listens no more. */
  async function listen(onBegin: () => void): Promise<void> {
    let connection: FeedConnection | undefined
    let isOver = false
    let lose: (error: Error) => void = () => {}
    const over = new Promise<void>((resolve, reject) => {
      finish = resolve
      lose = reject
    })

    async function connect(): Promise<void> {
      const opened = await feed.listen((text) => isOver || hear(text), lose)
      connection = opened
      // It came too late.
      if (isOver) await opened.close()
    }

    async function serve(): Promise<void> {
      await withinDeadline(LISTEN_LIMIT_MS, connect, undefined, 'connection')
      // A pool in between may say yes to all, and pass on nothing.
      await hearItself()
      if (isOver || isClosed) return
      onBegin()
      while (!isOver && !isClosed) {
        await pause(SILENCE_MS)
        if (isOver || isClosed) return
        if (monotonicNow() - heardAt >= SILENCE_MS) await hearItself()
      }
    }

    try {
      await Promise.race([serve(), over])
    } finally {
      isOver = true
      isListening = false
      wake()
      await end(connection)
    }
  }

  async function run(onFirst: () => void): Promise<void> {
    for (let failures = 0; !isClosed; failures++) {
      let since = Infinity
      try {
        await listen(() => {
          since = monotonicNow()
          begin()
          onFirst()
        })
        break
      } catch (thrown) {
        const problem = describeError(toError(thrown))
        const effect = 'they count when the records are read again, after rulesLifetime'
        const text = `Changes that other processes make are not heard: ${problem}; ${effect}. It is tried again.`
        log.write('warn', 'not heard', text)
        isTold = true
      }
      onFirst()
      if (monotonicNow() - since > GOOD_AFTER_MS) failures = 0
      await pause(pauseAfter(failures))
    }
    onFirst()
    log.close()
  }

  let running: Promise<void> = Promise.resolve()
  await new Promise<void>((resolve) => {
    running = run(resolve)
  })
  return {
    get isListening() {
      return isListening
    },
    close() {
      isClosed = true
      finish()
      wake()
      return running
    },
  }
}

async function end(connection: FeedConnection | undefined): Promise<void> {
  if (!connection) return
  try {
    await withinDeadline(CLOSE_LIMIT_MS, () => connection.close(), undefined, 'end')
  } catch {
    // It is not listened to any more, whatever becomes of it.
  }
}

/** Drawn between half of the longest and all of it, so that processes do not all come back at once. */
function pauseAfter(failures: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)
  return (longest * (1 + Math.random())) / 2
}
