/**
 * TLS in front of a broker that has none: it takes encrypted connections and passes on what is in
 * them, as a load balancer does.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { createServer } from 'node:tls'
import type { Issued } from '../certificates/certificate.ts'

/** Listens on a free port of this machine. */
export async function tlsFront(
  brokerUrl: string,
  { cert, key }: Issued,
): Promise<{ readonly url: string; close(): void }> {
  const { hostname, port } = new URL(brokerUrl)
  const server = createServer({ cert, key }, (client) => {
    const broker = connect(Number(port), hostname).setNoDelay(true)
    client.pipe(broker).pipe(client)
    client.on('error', () => broker.destroy())
    broker.on('error', () => client.destroy())
    client.on('close', () => broker.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: ownPort } = server.address() as AddressInfo
  return { url: `mqtts://127.0.0.1:${ownPort}`, close: () => void server.close() }
}
