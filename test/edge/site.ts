/**
 * The workers of `examples/edge-live` and `examples/edge-worker` in workerd, as their example runs them:
 * with a stand-in for EMQX's management API, and a message broker that has the same fleet.
 *
 * @module
 */
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { generateSignedCookie } from 'hono/cookie'
import { type EmbeddedBroker, embeddedBroker } from '../../adapters/embedded/index.ts'
import { pump } from '../../examples/edge-worker/types.ts'
import { createFleet, type Fleet, memoryStore } from '../../src/index.ts'
import { type EmqxServer, KEY, SECRET, startEmqx } from '../emqx/server.ts'
import { type Relay, startRelay } from '../support/relay.ts'
import { Command } from '../support/shell.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Milliseconds for workerd to start. */
const START_LIMIT = 120_000

/** What the workers are given as secrets. */
export const SECRETS = {
  PEPPER: 'pepper-0123456789',
  BROKER_SECRET: 'secret-0123456789',
  HUB_PASSWORD: 'password-0123456789',
  ADMIN_SECRET: 'admin-secret-0123456789-0123456789',
  SESSION_KEY: 'session-key-0123456789',
  EMQX_KEY: KEY,
  EMQX_SECRET: SECRET,
} as const

/** All of it. */
export interface EdgeSite extends AsyncDisposable {
  readonly routes: string
  readonly pages: string
  readonly emqx: EmqxServer
  /** Whose fleet has the pumps of {@link EdgeSite.fleet}. */
  readonly broker: EmbeddedBroker
  readonly fleet: Fleet
  /** Between the workers and the broker. */
  readonly relay: Relay
  /** Ends workerd as a crash would, and starts it at the same addresses, without what it had in memory. */
  restart(): Promise<void>
}

/** The session of who is signed in for a tenant. */
export async function signedIn(tenant: string, key: string = SECRETS.SESSION_KEY): Promise<string> {
  return (await generateSignedCookie('session', tenant, key)).split(';')[0]!
}

/** Starts all of it. */
export async function openEdgeSite(): Promise<EdgeSite> {
  const quiet = { info() {}, warn() {}, error() {} }
  const store = memoryStore()
  const fleet = createFleet({ types: [pump], store, pepper: SECRETS.PEPPER, logger: quiet })
  const broker = await embeddedBroker(fleet, { port: 0, websocket: { port: 0 }, logger: quiet })
  const address = new URL(broker.websocketUrl!)
  const relay = await startRelay(Number(address.port))
  const emqx = await startEmqx()
  const [port, behind] = await neighbours()
  const env = {
    ...process.env,
    ...SECRETS,
    PORT: `${port}`,
    EMQX_URL: emqx.url,
    BROKER_URL: `ws://127.0.0.1:${relay.port}${address.pathname}`,
  }
  const start = async () => {
    const command = new Command('exec node --import tsx examples/edge-live/main.ts', {
      cwd: root,
      env,
    })
    await command
      .until(({ stdout }) => stdout.includes('pages at '), START_LIMIT)
      .catch(async (error) => {
        await command.stop()
        throw error
      })
    return command
  }
  const closeAll = async () => {
    await emqx[Symbol.asyncDispose]()
    await relay[Symbol.asyncDispose]()
    await broker.close()
  }
  let command = await start().catch(async (error) => {
    await closeAll()
    throw error
  })
  return {
    routes: `http://127.0.0.1:${port}`,
    pages: `http://127.0.0.1:${behind}`,
    emqx,
    broker,
    fleet,
    relay,
    async restart() {
      await command.stop()
      command = await start()
    },
    async [Symbol.asyncDispose]() {
      await command.stop()
      await closeAll()
    },
  }
}

/**
 * A free port of which the next is free too. Both are below those that systems give out by themselves,
 * which a connection of somebody else may have before workerd listens.
 */
async function neighbours(): Promise<readonly [number, number]> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if ((await isFree(port)) && (await isFree(port + 1))) return [port, port + 1]
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
