/**
 * What happens, as the server tells it: one stream for all that a view shows.
 *
 * @module
 */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type LiveEvents, PATHS } from '../wire.ts'
import { announce } from './announce.ts'
import { ROOT } from './api.ts'
import { setTime } from './clock.ts'
import { isStranger, loadSession } from './session.ts'

/** `off` where the view needs none. */
export type Link = 'off' | 'connecting' | 'live' | 'lost'

/** Whether what is shown is what is. */
export const link = signal<Link>('off')
/** Whether the database of the server answers. */
export const isStoreWell = signal(true)

type Listeners = { readonly [Name in keyof LiveEvents]?: (event: LiveEvents[Name]) => void }

const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 20_000
/** A page that nobody sees for so long, in milliseconds, listens no more until it is seen. */
const HIDDEN_LIMIT = 60_000
const NAMES: readonly (keyof LiveEvents)[] = [
  ...(['open', 'states', 'messages', 'hubs', 'log', 'store', 'end'] as const),
]

/** A stream that is made again, ever more slowly, until it is closed. */
class Stream {
  readonly #url: string
  readonly #listeners: () => Listeners
  #source: EventSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #hidden: ReturnType<typeof setTimeout> | undefined
  #pause = FIRST_PAUSE

  constructor(query: string, listeners: () => Listeners) {
    const url = new URL(PATHS.live, ROOT)
    url.search = query
    this.#url = url.href
    this.#listeners = listeners
    document.addEventListener('visibilitychange', this.#seen)
    link.value = 'connecting'
    this.#open()
  }

  close(): void {
    document.removeEventListener('visibilitychange', this.#seen)
    clearTimeout(this.#hidden)
    this.#stop()
    link.value = 'off'
    isStoreWell.value = true
  }

  readonly #seen = () => {
    clearTimeout(this.#hidden)
    if (document.hidden) this.#hidden = setTimeout(() => this.#stop(), HIDDEN_LIMIT)
    else if (!this.#source) this.#open()
  }

  #open(): void {
    this.#stop()
    const source = new EventSource(this.#url)
    this.#source = source
    for (const name of NAMES) {
      source.addEventListener(name, (event: Event) => {
        // A browser has an event of its own that is called `open`, without data.
        if (event instanceof MessageEvent) this.#receive(name, JSON.parse(event.data))
      })
    }
    source.onerror = () => {
      this.#lose()
      // Refused: a browser does not say why, and does not come again.
      if (source.readyState === EventSource.CLOSED) this.#retry()
    }
  }

  #receive<Name extends keyof LiveEvents>(name: Name, event: LiveEvents[Name]): void {
    setTime(event.at)
    if (name === 'open') {
      link.value = 'live'
      isStoreWell.value = true // A server that has just begun to ask tells otherwise, and not this.
      this.#pause = FIRST_PAUSE
    }
    if (name === 'store') {
      isStoreWell.value = (event as LiveEvents['store']).isWell
      announce(`The database ${isStoreWell.value ? 'answers again' : 'does not answer'}`)
    }
    if (name === 'end') {
      const { code } = event as LiveEvents['end']
      this.#stop()
      if (code === 'operator-unknown') isStranger.value = true
      else {
        this.#lose()
        this.#retry()
      }
    }
    this.#listeners()[name]?.(event)
  }

  #lose(): void {
    // Each attempt that fails is no news.
    if (link.value !== 'lost') announce('The connection to the server is lost')
    link.value = 'lost'
  }

  #retry(): void {
    this.#stop()
    this.#timer = setTimeout(async () => {
      await loadSession() // Which finds out whether the session has ended.
      if (this.#timer !== undefined && !isStranger.value) this.#open()
    }, this.#pause)
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE)
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#source?.close()
    this.#source = undefined
  }
}

/**
 * Listens while a component is there.
 *
 * @param query Of the stream; another one is another stream. `undefined`: none is needed.
 */
export function useLive(query: string | undefined, listeners: Listeners): void {
  const latest = useRef(listeners)
  latest.current = listeners
  useEffect(() => {
    if (query === undefined) return
    const stream = new Stream(query, () => latest.current)
    return () => stream.close()
  }, [query])
}
