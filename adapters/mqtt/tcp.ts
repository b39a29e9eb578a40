/**
 * The link over TCP, with TLS or without.
 *
 * @module
 */
import type { Socket } from 'node:net'
import type { Link, LinkEvents, OpenLink } from './link.ts'
import { loadNode } from './node.ts'
import type { TlsOptions } from './tls-files.ts'

/** Loads what dialling needs. */
export async function tcpOpener(
  { host, port }: { readonly host: string; readonly port: number },
  options: TlsOptions | undefined,
): Promise<OpenLink> {
  const { connect, isIP } = await loadNode('net')
  if (!options) return (events) => linkOf(connect({ host, port }), 'connect', events)
  const tls = await loadNode('tls')
  // Which certificate to show is asked for by name; an address is no name (RFC 6066, section 3).
  const named = isIP(host) ? {} : { servername: host }
  return (events) =>
    linkOf(tls.connect({ host, port, ...named, ...options }), 'secureConnect', events)
}

function linkOf(socket: Socket, opened: 'connect' | 'secureConnect', events: LinkEvents): Link {
  // Else an acknowledgement waits for the peer's delayed one, 40 ms and more.
  socket.setNoDelay(true)
  socket.once(opened, () => events.opened())
  socket.on('data', (bytes: Buffer) => events.received(bytes))
  socket.on('drain', () => events.drained())
  socket.on('error', (error) => events.failed(error))
  socket.on('close', () => events.closed())
  return {
    send: (bytes) => socket.write(bytes),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  }
}
