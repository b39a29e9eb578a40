/**
 * What lies between the server and a socket of either kind.
 *
 * @module
 */
import type { ByteReceiver, ByteTransport } from '../../src/server/wire.ts'

/** A socket, in the few words that are needed here. */
export interface Medium {
  /** Sends some chunks. Calls back when they have left, and never before it returns. */
  send(chunks: readonly Uint8Array[], sent: () => void): void
  pause(): void
  resume(): void
  /** Ends it after what was sent. */
  end(): void
  destroy(): void
}

/**
 * Bytes that a socket is given before it has told that others have left. What it holds shows no progress:
 * a client is taken to read nothing unless it takes as much within the server's `stallTimeout`.
 */
export const MAX_GIVEN_BYTES: number = 64 * 1024

/** A transport that holds back what the socket did not take yet, and so knows how much that is. */
export class QueuedTransport implements ByteTransport {
  readonly #medium: Medium
  /** Told when some of what was pending has left. */
  receiver: Pick<ByteReceiver, 'drained'> | undefined
  #waiting: Uint8Array[] = []
  #pending = 0
  /** Bytes that the socket has. */
  #given = 0
  #state: 'open' | 'ending' | 'ended' = 'open'

  constructor(medium: Medium) {
    this.#medium = medium
  }

  /** Whether it was told to end. */
  get isEnding(): boolean {
    return this.#state !== 'open'
  }

  get pending(): number {
    return this.#pending
  }

  write(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      this.#pending += chunk.length
      this.#waiting.push(chunk)
    }
    this.#give()
  }

  pause(): void {
    this.#medium.pause()
  }

  resume(): void {
    this.#medium.resume()
  }

  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ending'
    // The client's own end is to be seen, behind whatever it still sends.
    this.#medium.resume()
    this.#give()
  }

  destroy(): void {
    this.#state = 'ended'
    this.#medium.destroy()
  }

  #give(): void {
    while (this.#waiting.length > 0 && this.#given < MAX_GIVEN_BYTES) {
      const { chunks, bytes } = this.#take(MAX_GIVEN_BYTES - this.#given)
      this.#given += bytes
      this.#medium.send(chunks, () => {
        this.#given -= bytes
        this.#pending -= bytes
        this.#give()
        this.receiver?.drained()
      })
    }
    if (this.#state !== 'ending' || this.#waiting.length > 0) return
    this.#state = 'ended'
    this.#medium.end()
  }

  /** Takes so many bytes at most of those that wait. */
  #take(most: number): { chunks: Uint8Array[]; bytes: number } {
    let bytes = 0
    let count = 0
    for (const { length } of this.#waiting) {
      if (bytes + length > most) break
      bytes += length
      count++
    }
    if (count === this.#waiting.length) {
      const chunks = this.#waiting
      this.#waiting = []
      return { chunks, bytes }
    }
    const chunks = this.#waiting.splice(0, count)
    const rest = most - bytes
    if (rest > 0) {
      const next = this.#waiting[0]!
      chunks.push(next.subarray(0, rest))
      this.#waiting[0] = next.subarray(rest)
    }
    return { chunks, bytes: bytes + rest }
  }
}
