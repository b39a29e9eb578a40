/**
 * Which transport a connection goes over. Its link is built here and not by the `mqtt` package, whose
 * table of transports is one for the whole process.
 *
 * @module
 */
import type { ResolvedBrokerConfig } from './config.ts'
import type { OpenLink } from './link.ts'
import { hasSockets } from './node.ts'
import { tcpOpener } from './tcp.ts'
import { loadTls } from './tls-files.ts'
import { webSocketOpener } from './web-socket.ts'

/**
 * Loads what the transport needs.
 *
 * @throws {MissingDependencyError} If that is the `ws` package and it is not installed.
 * @throws {CertificateError} `unreadable` or `key-mismatch`.
 */
export async function linkOpener({ address, tls }: ResolvedBrokerConfig): Promise<OpenLink> {
  const options = tls && hasSockets() ? await loadTls(tls) : undefined
  return address.transport === 'tcp'
    ? tcpOpener(address, options)
    : webSocketOpener(address.url, options)
}
