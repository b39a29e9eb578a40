/**
 * The stream over a WebSocket: the runtime's own, or one of the `ws` package. It is no stream of
 * Node, which a browser does not have, but does what the `mqtt` package asks of one.
 *
 * @module
 */
import { MissingDependencyError } from '../../src/errors.ts'
import type { ByteStream, OpenStream } from './byte-stream.ts'
import type { TlsOptions } from './tls.ts'

/** The part of a WebSocket used here, as every runtime and the `ws` package have it. */
interface Socket {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  send(data: Uint8Array): void
  close(code?: number): void
  addEventListener(type: string, listener: (event: SocketEvent) => void): void
  // Only the `ws` package:
  pause?(): void
  resume?(): void
  terminate?(): void
}

interface SocketEvent {
  readonly data?: unknown
  readonly message?: string
  // Only the `ws` package:
  readonly error?: unknown
}

type OpenSocket = (url: string, protocol: string) => Socket

/** What the `mqtt` package reads into. */
interface Sink {
  write(chunk: Uint8Array): boolean
  once(event: 'drain', listener: () => void): unknown
}

interface Events {
  error: Error
  drain: undefined
  close: undefined
}
type Listener<Name extends keyof Events> = (value: Events[Name]) => void

const CONNECTING = 0
const OPEN = 1
/** How many bytes may wait to be sent before writing waits, and how often to look. */
const HIGH_WATER_BYTES = 512 * 1024
const DRAIN_POLL_MS = 5
const encoder = new TextEncoder()
/** At the end of this turn of the event loop, or of as much of it as a browser lets tell. */
const atTurnEnd: (run: () => void) => void =
  (globalThis as { setImmediate?: (run: () => void) => unknown }).setImmediate ?? queueMicrotask

/**
 * Loads what dialling needs.
 *
 * @throws {MissingDependencyError} If that is the `ws` package and it is not installed.
 */
export async function webSocketOpener(
  url: string,
  options: TlsOptions | undefined,
): Promise<OpenStream> {
  const openSocket = await socketOpener(options)
  return () => new WebSocketStream(openSocket(url, 'mqtt'))
}

/** A runtime's own WebSocket keeps no TLS options, and does not tell why a handshake failed. */
async function socketOpener(options: TlsOptions | undefined): Promise<OpenSocket> {
  const { WebSocket: Native } = globalThis as {
    WebSocket?: new (url: string, protocol: string) => Socket
  }
  if (Native && !options) return (url, protocol) => new Native(url, protocol)
  const { WebSocket } = await loadWs()
  return (url, protocol) => new WebSocket(url, protocol, options) as unknown as Socket
}

async function loadWs(): Promise<typeof import('ws')> {
  try {
    return await import('ws')
  } catch (cause) {
    throw new MissingDependencyError('ws', { cause })
  }
}

/** All that is written in one turn is one frame. */
class WebSocketStream implements ByteStream {
  writableNeedDrain = false
  readonly #socket: Socket
  readonly #listeners: { [Name in keyof Events]: Set<Listener<Name>> } = {
    error: new Set(),
    drain: new Set(),
    close: new Set(),
  }
  #isDestroyed = false
  /** What waits to be sent, and how many bytes that is. */
  #written: Uint8Array[] = []
  #writtenBytes = 0
  #sink: Sink | undefined
  #isHeld = false
  /** What arrived while the sink was full. */
  #held: Uint8Array[] = []

  constructor(socket: Socket) {
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => this.#flush())
    socket.addEventListener('message', ({ data }) => this.#receive(data))
    socket.addEventListener('error', ({ message, error }) =>
      this.destroy(
        error instanceof Error ? error : new Error(message || 'The WebSocket connection failed'),
      ),
    )
    // Not before the packets are handled that arrived just before, such as the reason for it.
    socket.addEventListener('close', () => setTimeout(() => this.destroy()))
  }

  on<Name extends keyof Events>(event: Name, listener: Listener<Name>): this {
    this.#listeners[event].add(listener)
    return this
  }

  once<Name extends keyof Events>(event: Name, listener: Listener<Name>): this {
    const first: Listener<Name> = (value) => {
      this.removeListener(event, first)
      listener(value)
    }
    return this.on(event, first)
  }

  removeListener<Name extends keyof Events>(event: Name, listener: Listener<Name>): this {
    this.#listeners[event].delete(listener)
    return this
  }

  /** Asked for by the `mqtt` package; there is no limit here. */
  setMaxListeners(): this {
    return this
  }

  pipe<Target extends Sink>(sink: Target): Target {
    this.#sink = sink
    return sink
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.#isDestroyed) return false
    const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : chunk
    if (this.#written.length === 0) atTurnEnd(() => this.#flush())
    this.#written.push(bytes)
    this.#writtenBytes += bytes.length
    if (this.#writtenBytes + this.#socket.bufferedAmount > HIGH_WATER_BYTES) {
      this.writableNeedDrain = true
    }
    return !this.writableNeedDrain
  }

  end(): void {
    this.#flush()
    this.#socket.close(1000)
  }

  destroy(error?: Error): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#written = []
    this.#held = []
    if (this.#socket.terminate) this.#socket.terminate()
    else this.#socket.close()
    queueMicrotask(() => {
      if (error) this.#emit('error', error)
      this.#emit('close', undefined)
    })
  }

  #emit<Name extends keyof Events>(event: Name, value: Events[Name]): void {
    for (const listener of [...this.#listeners[event]]) listener(value)
  }

  #receive(data: unknown): void {
    if (this.#isDestroyed) return
    if (!(data instanceof ArrayBuffer)) {
      this.destroy(new Error('Received a text frame'))
      return
    }
    this.#held.push(new Uint8Array(data))
    this.#deliver()
  }

  #deliver(): void {
    while (!this.#isHeld && this.#held.length > 0) {
      if (this.#sink?.write(this.#held.shift()!)) continue
      this.#isHeld = true
      this.#socket.pause?.()
      this.#sink?.once('drain', () => {
        this.#isHeld = false
        this.#socket.resume?.()
        this.#deliver()
      })
    }
  }

  #flush(): void {
    const { readyState } = this.#socket
    if (this.#isDestroyed || readyState === CONNECTING) return
    const frame = joined(this.#written, this.#writtenBytes)
    this.#written = []
    this.#writtenBytes = 0
    if (readyState === OPEN && frame.length > 0) this.#socket.send(frame)
    this.#drain()
  }

  #drain(): void {
    if (!this.writableNeedDrain || this.#isDestroyed) return
    const { readyState, bufferedAmount } = this.#socket
    if (readyState === OPEN && bufferedAmount > HIGH_WATER_BYTES) {
      setTimeout(() => this.#drain(), DRAIN_POLL_MS)
      return
    }
    this.writableNeedDrain = false
    this.#emit('drain', undefined)
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
