/**
 * A service that the command operates by `--url`.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type Host, node, type Outcome, run, userFolder } from './command.ts'

/** The secret of its routes. */
export const SERVICE_SECRET = 'a-secret-of-the-operators-0123456789'

/** See {@link openService}. */
export interface Service extends AsyncDisposable {
  readonly url: string
  /** Runs `devicehub devices` through it. Default: on Node. */
  devices(args: readonly string[], host?: Host): Promise<Outcome>
}

/** Serves operators' routes under `/admin` on a free port. They have {@link SERVICE_SECRET}. */
export async function openService(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<Service> {
  const server = createServer(getRequestListener(fetch))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin`
  return {
    url,
    async devices(args, host = node) {
      using folder = userFolder()
      const env = { DEVICEHUB_ADMIN_SECRET: SERVICE_SECRET }
      return await run(host, folder, ['devices', ...args, '--url', url], env)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
