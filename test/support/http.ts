/**
 * An application served over HTTP on 127.0.0.1, in this process.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Serves it. */
export async function serveHttp(
  answer: (request: Request) => Response | Promise<Response>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async (incoming, outgoing) => {
    incoming.resume()
    const { method = 'GET', url = '/', headers } = incoming
    const sent = Object.entries(headers).map(([name, value]): [string, string] => [
      name,
      `${value}`,
    ])
    const request = new Request(`http://${headers.host}${url}`, { method, headers: sent })
    const response = await answer(request)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(await response.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
