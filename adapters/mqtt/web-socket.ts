/**
 * The link over a WebSocket: one of the `ws` package, or the runtime's own.
 *
 * @module
 */
import { loadPackage } from '../../src/base/load-package.ts'
import type { Link, LinkEvents, OpenLink } from './link.ts'
import { hasSockets } from './node.ts'
import type { TlsOptions } from './tls-files.ts'

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

const OPEN = 1
/** How many bytes may wait to be sent before writing waits, and how often to look. */
const HIGH_WATER_BYTES = 512 * 1024
const DRAIN_POLL_MS = 5

/**
 * Loads what dialling needs.
 *
 * @throws {MissingDependencyError} If that is the `ws` package and it is not installed.
 */
export async function webSocketOpener(
  url: string,
  options: TlsOptions | undefined,
): Promise<OpenLink> {
  const openSocket = await socketOpener(options)
  return (events) => linkOf(openSocket(url, 'mqtt'), events)
}

/**
 * The package first: a runtime's own WebSocket keeps no TLS options, does not tell why a handshake
 * failed, cannot stop reading, and on Deno waits for the acknowledgement of a segment before it sends
 * the next.
 */
async function socketOpener(options: TlsOptions | undefined): Promise<OpenSocket> {
  const { WebSocket: Own } = globalThis as {
    WebSocket?: new (url: string, protocol: string) => Socket
  }
  if (Own && !hasSockets()) return (url, protocol) => new Own(url, protocol)
  try {
    const { WebSocket } = await loadPackage('ws', () => import('ws'))
    return (url, protocol) => new WebSocket(url, protocol, options) as unknown as Socket
  } catch (error) {
    if (!Own || options) throw error
    return (url, protocol) => new Own(url, protocol)
  }
}

/** What is sent in one go is one frame. */
function linkOf(socket: Socket, events: LinkEvents): Link {
  const hasRoom = () => socket.readyState !== OPEN || socket.bufferedAmount <= HIGH_WATER_BYTES
  let isPolling = false
  const poll = () => {
    isPolling = !hasRoom()
    if (isPolling) setTimeout(poll, DRAIN_POLL_MS)
    else events.drained()
  }
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('open', () => events.opened())
  socket.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer) events.received(new Uint8Array(data))
    else events.failed(new Error('Received a text frame'))
  })
  socket.addEventListener('error', ({ message, error }) =>
    events.failed(
      error instanceof Error ? error : new Error(message || 'The WebSocket connection failed'),
    ),
  )
  socket.addEventListener('close', () => events.closed())
  return {
    send(bytes) {
      if (socket.readyState === OPEN) socket.send(bytes)
      if (hasRoom()) return true
      if (!isPolling) poll()
      return false
    },
    pause: () => socket.pause?.(),
    resume: () => socket.resume?.(),
    end: () => socket.close(1000),
    destroy() {
      if (socket.terminate) socket.terminate()
      else socket.close()
    },
  }
}
