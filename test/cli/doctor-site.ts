/**
 * A set-up for `devicehub doctor`: a fleet in a SQLite file, and a program that serves an embedded broker,
 * the routes and the status of hubs for it, with one thing wrong where a test asks for that.
 *
 * @module
 */
import { type Folder, newestNode, type Run, running, start, userFolder } from './command.ts'

export const SECRET = 'broker-secret-0123456789'
export const HUB_PASSWORD = 'hub-password-0123456789'
const PEPPER = 'pepper-0123456789'

/** What is not as it should be. Default: nothing. */
export interface Wrong {
  /** The routes have another secret. */
  readonly secret?: string
  /** Of the fleet that broker and routes ask. */
  readonly prefix?: string
  readonly pepper?: string
  readonly hubRules?: readonly unknown[]
  readonly hubPassword?: string
  /** The broker grants everything. */
  readonly grants?: 'everything'
  readonly clientIds?: 'any'
  /** Seconds that the clock of the routes is ahead. */
  readonly ahead?: number
  /** Client ids of hubs that run. */
  readonly hubs?: readonly string[]
}

const FLEET = `
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { command, createFleet, defineDeviceType } from 'devicehub'
import { sqlite, sqlStore } from 'devicehub/sql'
import * as v from 'valibot'

const parts = {
  data: v.object({ rpm: v.number() }),
  commands: { stop: command({ reply: v.object({}) }) },
}
export const pump = defineDeviceType('pump', parts)
const everything = { effect: 'allow', actions: ['publish', 'subscribe'], filter: '#' }
const openPump = defineDeviceType('pump', { ...parts, rules: [everything] })
export function makeFleet({ grants = 'own', pepper = '${PEPPER}', prefix = 'things', hubRules = 'hub', hubPassword = '${HUB_PASSWORD}' } = {}) {
  const database = new DatabaseSync(fileURLToPath(new URL('fleet.db', import.meta.url)))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 2000')
  const store = sqlStore(sqlite(database))
  const services = [{ username: 'hub', password: hubPassword, rules: hubRules }]
  return createFleet({ types: [grants === 'everything' ? openPump : pump], store, pepper, prefix, services })
}
`

/** A program: it prints its ports in a line of JSON. */
const SERVE = `
import { createServer } from 'node:http'
import { serve } from '@hono/node-server'
import { createHub } from 'devicehub'
import { embeddedBroker } from 'devicehub/embedded'
import { brokerAuth } from 'devicehub/hono'
import { mqtt } from 'devicehub/mqtt'
import { emqx } from 'devicehub/products'
import { Hono } from 'hono'
import { makeFleet } from './fleet.ts'

const wrong = JSON.parse(process.argv[2])
const { secret = '${SECRET}', clientIds, ahead = 0, hubs = [] } = wrong
const logger = { info() {}, warn() {}, error: console.error }
const fleet = makeFleet({ ...wrong, grants: 'own' })
await fleet.store.migrate()
const broker = await embeddedBroker(makeFleet(wrong), { port: 0, logger })
const auth = brokerAuth(fleet, { secret, products: [emqx], logger, ...(clientIds && { clientIds }) })
const running = []
const app = new Hono()
  .use(async (c, next) => {
    await next()
    c.header('date', new Date(Date.now() + ahead * 1000).toUTCString())
  })
  .route('/iot/broker', auth)
  .get('/status', (c) => c.json(running[0].status()))
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, async ({ port }) => {
  for (const clientId of hubs) {
    const login = { username: 'hub', password: '${HUB_PASSWORD}' }
    const hub = createHub(fleet, { brokers: { default: mqtt({ url: broker.url, clientId, ...login }) }, logger })
    running.push(hub)
    await hub.start()
  }
  console.log(JSON.stringify({ broker: broker.url, http: 'http://127.0.0.1:' + port }))
})
`

/** A configuration in a module. */
export function doctorConfig(brokers: unknown, fleet = 'makeFleet()'): string {
  return `import { makeFleet } from './fleet.ts'
import { defineConfig } from 'devicehub/cli'
export default defineConfig({ fleet: ${fleet}, brokers: ${JSON.stringify(brokers)} })
`
}

/** A set-up that runs. */
export interface DoctorSite extends AsyncDisposable {
  readonly folder: Folder
  /** The URL of the embedded broker. */
  readonly broker: string
  /** The URL of the routes. */
  readonly routes: string
  /** The URL of the status of the first hub. */
  readonly status: string
}

/** A folder with the fleet alone. */
export function fleetFolder(): Folder {
  return userFolder({ 'fleet.ts': FLEET })
}

/** Runs a module of a folder on the newest Node, which takes TypeScript. */
export function runModule(folder: Folder, file: string, ...args: string[]): Run {
  return start(running(newestNode, file), folder, args)
}

/** Starts one, with a configuration whose hub is as it should be. */
export async function doctorSite(wrong: Wrong = {}): Promise<DoctorSite> {
  const folder = fleetFolder()
  folder.write('serve.ts', SERVE)
  const running = runModule(folder, 'serve.ts', JSON.stringify(wrong))
  await running.until(/^\{/)
  const { broker, http } = JSON.parse(running.lines().find((line) => line.startsWith('{'))!)
  const login = { username: 'hub', password: HUB_PASSWORD }
  const config = doctorConfig({ default: { url: broker, product: 'emqx', ...login } })
  folder.write('devicehub.config.ts', config)
  return {
    folder,
    broker,
    routes: `${http}/iot/broker`,
    status: `${http}/status`,
    async [Symbol.asyncDispose]() {
      running.process.kill('SIGKILL')
      await running.exit()
      folder[Symbol.dispose]()
    },
  }
}

/** The ids of the devices that are on record. */
export async function recorded(folder: Folder): Promise<readonly string[]> {
  folder.write(
    'recorded.ts',
    `import { makeFleet } from './fleet.ts'
const { records } = await makeFleet().list()
console.log(JSON.stringify(records.map(({ id }) => id)))
process.exit(0)`,
  )
  const running = runModule(folder, 'recorded.ts')
  await running.exit()
  return JSON.parse(running.lines()[0]!)
}
