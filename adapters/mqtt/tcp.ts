/**
 * The stream over TCP, with TLS or without.
 *
 * @module
 */
import type { Socket } from 'node:net'
import type { OpenStream } from './byte-stream.ts'
import { loadNode } from './node.ts'
import type { TlsOptions } from './tls.ts'

/** Loads what dialling needs. */
export async function tcpOpener(
  { host, port }: { readonly host: string; readonly port: number },
  options: TlsOptions | undefined,
): Promise<OpenStream> {
  const { connect, isIP } = await loadNode('net')
  // Without setNoDelay an acknowledgement waits for the peer's delayed one, 40 ms and more.
  if (!options) return () => gathered(connect({ host, port }).setNoDelay(true))
  const tls = await loadNode('tls')
  // Which certificate to show is asked for by name; an address is no name (RFC 6066, section 3).
  const named = isIP(host) ? {} : { servername: host }
  return () => gathered(tls.connect({ host, port, ...named, ...options }).setNoDelay(true))
}

/**
 * Has all that is written in one turn of the event loop go out at once: a system call for each
 * acknowledgement would take longer than the rest of a message.
 */
function gathered(socket: Socket): Socket {
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
