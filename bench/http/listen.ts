/**
 * Listening on a free port of loopback, on Node, Bun and Deno.
 *
 * @module
 */

declare const Bun: { serve(options: object): { port: number } } | undefined
declare const Deno:
  | { serve(options: object, handler: unknown): { addr: { port: number } } }
  | undefined

/** Answers requests. Returns the port. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<number> {
  const address = { hostname: '127.0.0.1', port: 0 }
  if (typeof Bun !== 'undefined') return Bun.serve({ ...address, fetch }).port
  if (typeof Deno !== 'undefined') {
    return Deno.serve({ ...address, onListen() {} }, fetch).addr.port
  }
  const { serve } = await import('@hono/node-server')
  return new Promise((resolve) => {
    // Longer than who asks keeps a connection.
    const serverOptions = { keepAliveTimeout: 75_000 }
    serve({ ...address, fetch, serverOptions }, ({ port }) => resolve(port))
  })
}
