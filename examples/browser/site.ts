/**
 * A page, its sign-in, tokens for whoever is signed in, a broker, and stations that are simulated.
 *
 * @module
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { createFleet, memoryStore } from 'devicehub'
import { embeddedBroker } from 'devicehub/embedded'
import { type TokenGrant, tokenRoute } from 'devicehub/hono'
import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { createSignIn } from './sign-in.ts'
import { switchOn } from './station.ts'
import { STATIONS, weatherStation } from './types.ts'

/** What whoever is signed in may do: watch the first station, and send it commands. */
function grantOf(session: string): TokenGrant {
  const topic = (channel: string) => `{prefix}/weatherstation/{deviceId}/${channel}`
  return {
    subject: session,
    rules: [
      { effect: 'allow', actions: ['subscribe'], filter: topic('data') },
      { effect: 'allow', actions: ['subscribe'], filter: topic('status') },
      { effect: 'allow', actions: ['publish'], filter: topic('cmd') },
      { effect: 'allow', actions: ['subscribe'], filter: topic('reply') },
    ],
    attributes: { deviceId: STATIONS[0] },
    expiresIn: 60, // seconds: a page renews it
  }
}

/**
 * Serves a page at 127.0.0.1, until Ctrl-C.
 *
 * @param folder What Vite has built.
 * @param environment `PORT` is 8000 unless given, and a `PASSWORD` is made.
 */
export async function runSite(
  folder: string,
  { PORT = '8000', PASSWORD = crypto.randomUUID() }: NodeJS.ProcessEnv,
): Promise<void> {
  const fleet = createFleet({
    types: [weatherStation],
    store: memoryStore(), // yours, on a database
    pepper: crypto.randomUUID(), // yours, from the environment
  })
  const broker = await embeddedBroker(fleet, { port: 0, websocket: { port: 0 } })
  const url = broker.websocketUrl!
  const stations = await Promise.all(STATIONS.map((id) => switchOn(fleet, broker.url, id)))

  const { routes, sessionOf } = createSignIn(PASSWORD, (session) => fleet.revokeTokens(session))
  const authorize = (_: Request, context: Parameters<typeof sessionOf>[0]) => {
    const session = sessionOf(context)
    return session === undefined ? undefined : grantOf(session)
  }
  const app = new Hono()
    .use(
      secureHeaders({
        contentSecurityPolicy: {
          defaultSrc: ["'self'"],
          imgSrc: ["'self'", 'data:'],
          connectSrc: ["'self'", url],
        },
      }),
    )
    .route('/', routes)
    .route('/token', tokenRoute(fleet, { url, authorize }))
    .get('/', async (context, next) => {
      return sessionOf(context) === undefined ? context.redirect('/sign-in') : next()
    })
    .get('*', serveStatic({ root: folder }))

  const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) })
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  console.log(`page at http://127.0.0.1:${port}/, the password is ${PASSWORD}`)

  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  server.close()
  for (const station of stations) await station[Symbol.asyncDispose]()
  await broker.close()
}
