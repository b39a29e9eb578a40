/**
 * The byte streams under a connection. They are built here and not by the `mqtt` package, whose
 * table of transports is global, falls back silently and sends every small write as a frame.
 *
 * @module
 */
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ResolvedBrokerConfig } from '../../src/broker/config.ts'
import { MissingDependencyError } from '../../src/errors.ts'
import { hasTlsSockets, loadTls, type TlsOptions } from './tls.ts'

/** Starts a stream. What goes wrong is its `error`, then `close`. */
export type OpenStream = () => Duplex

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

const CONNECTING = 0
const OPEN = 1
/** How many bytes a WebSocket may hold back before writing waits, and for how long at a time. */
const HIGH_WATER_BYTES = 512 * 1024
const DRAIN_POLL_MS = 5

/** The broker's address as far as it may be shown: what follows it in a URL may be a secret. */
export function addressOf({ address, tls }: ResolvedBrokerConfig): string {
  if (address.transport === 'tcp') {
    return `${tls ? 'mqtts' : 'mqtt'}://${address.host}:${address.port}`
  }
  const { protocol, host, pathname } = new URL(address.url)
  return `${protocol}//${host}${pathname}`
}

/**
 * Loads what the transport needs.
 *
 * @throws {MissingDependencyError} If that is the `ws` package and it is not installed.
 * @throws {CertificateError} `unreadable` or `key-mismatch`.
 */
export async function streamOpener({ address, tls }: ResolvedBrokerConfig): Promise<OpenStream> {
  const options = tls && hasTlsSockets() ? await loadTls(tls) : undefined
  if (address.transport === 'tcp') return tcpOpener(address, options)
  const [{ Duplex }, { Buffer }, openSocket] = await Promise.all([
    import('node:stream'),
    import('node:buffer'),
    socketOpener(options),
  ])
  return () => {
    const socket = openSocket(address.url, 'mqtt')
    socket.binaryType = 'arraybuffer'
    const duplex = new Duplex({
      allowHalfOpen: false,
      read: () => socket.resume?.(),
      write: (chunk: Uint8Array, _encoding, done) => sendBytes(socket, chunk, done),
      // All that was written in one turn is one frame.
      writev: (chunks, done) =>
        sendBytes(socket, Buffer.concat(chunks.map(({ chunk }) => chunk)), done),
      final(done) {
        socket.close(1000)
        done()
      },
      destroy(error, done) {
        if (socket.terminate) socket.terminate()
        else socket.close()
        done(error)
      },
    })
    socket.addEventListener('message', ({ data }) => {
      if (duplex.destroyed) return
      if (!(data instanceof ArrayBuffer)) duplex.destroy(new Error('Received a text frame'))
      else if (!duplex.push(Buffer.from(data))) socket.pause?.()
    })
    socket.addEventListener('error', ({ message, error }) =>
      duplex.destroy(
        error instanceof Error ? error : new Error(message || 'The WebSocket connection failed'),
      ),
    )
    socket.addEventListener('close', () => {
      if (duplex.destroyed) return
      if (duplex.readableFlowing) duplex.push(null)
      else duplex.destroy()
    })
    return duplex
  }
}

function sendBytes(socket: Socket, bytes: Uint8Array, done: () => void): void {
  if (socket.readyState === CONNECTING) {
    socket.addEventListener('open', () => sendBytes(socket, bytes, done))
    return
  }
  if (socket.readyState === OPEN) socket.send(bytes)
  const settle = () => {
    if (socket.readyState === OPEN && socket.bufferedAmount > HIGH_WATER_BYTES) {
      setTimeout(settle, DRAIN_POLL_MS)
    } else {
      done()
    }
  }
  settle()
}

/**
 * Has all that is written in one turn of the event loop go out at once: a system call for each
 * acknowledgement would take longer than the rest of a message.
 */
function gathered(socket: NetSocket): NetSocket {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
  let isGathering = false
  const flush = () => {
    isGathering = false
    socket.uncork()
  }
  const gather = (...args: unknown[]) => {
    if (!isGathering) {
      isGathering = true
      socket.cork()
      setImmediate(flush)
    }
    return write(...args)
  }
  return Object.assign(socket, { write: gather })
}

async function tcpOpener(
  { host, port }: { readonly host: string; readonly port: number },
  options: TlsOptions | undefined,
): Promise<OpenStream> {
  const { connect, isIP } = await import('node:net')
  // Without setNoDelay an acknowledgement waits for the peer's delayed one, 40 ms and more.
  if (!options) return () => gathered(connect({ host, port }).setNoDelay(true))
  const tls = await import('node:tls')
  // Which certificate to show is asked for by name; an address is no name (RFC 6066, section 3).
  const named = isIP(host) ? {} : { servername: host }
  return () => gathered(tls.connect({ host, port, ...named, ...options }).setNoDelay(true))
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
