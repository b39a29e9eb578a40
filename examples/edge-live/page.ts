/**
 * One page: what it is told, as server-sent events, and no more of it in memory than it has time to read.
 *
 * @module
 */

/** Most characters that wait for a page, which is a minute of one pump. */
const MAX_WAITING = 16_384

/** A page that is connected. */
export class Page {
  /** When it came, in milliseconds since the epoch. */
  readonly since: number = Date.now()
  /** What the page reads. */
  readonly body: ReadableStream<Uint8Array>
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #waiting: string[] = []
  #size = 0
  #missed = 0
  #wants = false

  /** @param onLeft Is called once, when the page has gone. */
  constructor(onLeft: () => void) {
    this.body = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller
        },
        // Asked for when what was sent before has gone out: a page that reads slowly asks seldom.
        pull: () => {
          this.#wants = true
          this.#send()
        },
        cancel: onLeft,
      },
      { highWaterMark: 1 },
    )
  }

  /**
   * Tells it something. Where too much waits already the oldest goes, and the page is told how many did.
   *
   * @param data Becomes one line of JSON, so that no text can end the event.
   */
  tell(event: string, data: unknown): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
    this.#waiting.push(text)
    this.#size += text.length
    while (this.#size > MAX_WAITING && this.#waiting.length > 1) {
      this.#size -= this.#waiting.shift()!.length
      this.#missed++
    }
    this.#send()
  }

  /** Sends a comment where nothing waits: a proxy ends what is silent. */
  ping(): void {
    if (this.#waiting.length === 0) {
      this.#waiting.push(': \n\n')
      this.#size += 4
      this.#send()
    }
  }

  /** Ends it: the page comes again by itself after some seconds, and is asked who it is. */
  end(): void {
    try {
      this.#controller.enqueue(new TextEncoder().encode('retry: 2000\n\n'))
      this.#controller.close()
    } catch {
      // It has gone.
    }
  }

  #send(): void {
    if (!this.#wants || this.#waiting.length === 0) return
    this.#wants = false
    const missed = this.#missed > 0 ? `event: missed\ndata: ${this.#missed}\n\n` : ''
    const text = missed + this.#waiting.join('')
    this.#waiting = []
    this.#size = 0
    this.#missed = 0
    this.#controller.enqueue(new TextEncoder().encode(text))
  }
}
