/**
 * A device that another process revokes: its sessions end at the embedded broker, at Mosquitto with
 * dynamic security and at EMQX, once, whichever process has the way; also when the connection that
 * listens was away meanwhile.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import mqtt, { type MqttClient } from 'mqtt'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { emqxKick } from '../../adapters/emqx/index.ts'
import { dynamicSecurity } from '../../adapters/mosquitto/index.ts'
import { type Broker, ChangeError, type Fleet, type Logger, watchFleet } from '../../src/index.ts'
import { type EmqxServer, KEY, SECRET, startEmqx } from '../emqx/server.ts'
import { admin } from '../mosquitto/site.ts'
import { LISTENING_DRIVERS, severListening } from '../sql/listening.ts'
import { type DynsecSite, dynsecSiteMissing, startDynsecSite } from '../support/dynsec-site.ts'
import { type Postgres, postgresMissing, startPostgres } from '../support/postgres.ts'
import { type RedisServer, redisMissing, startRedis } from '../support/redis.ts'
import { type Relay, startRelay } from '../support/relay.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { meter, type SiteFleet, siteFleet } from './elsewhere-site.ts'

const LIMIT_MS = 20_000
const ADMINISTRATIVE_ACTION = 0x98
const isNode = !('Bun' in globalThis) && !('Deno' in globalThis)

/** What carries the changes: the driver of the database, and whether Redis does. */
const CARRIERS: readonly [title: string, driver: string, byRedis: boolean][] = [
  ['NOTIFY, through pg', 'pg', false],
  ['NOTIFY, through postgres', 'postgres', false],
  ['PUBLISH, through ioredis', 'pg', true],
]

/** A connected client of a device, and the reason code it was disconnected with. */
interface Device {
  readonly client: MqttClient
  readonly ended: Promise<number | undefined>
}

async function connectDevice(url: string, login: { username: string; password: string }) {
  const { username, password } = login
  const options = { username, password, clientId: username, protocolVersion: 5, reconnectPeriod: 0 }
  const client = await mqtt.connectAsync(url, options as mqtt.IClientOptions)
  const ended = deferred<number | undefined>()
  let reasonCode: number | undefined
  client.on('disconnect', (packet) => {
    reasonCode = packet.reasonCode
  })
  client.on('close', () => ended.resolve(reasonCode))
  client.on('error', () => {})
  return { client, ended: ended.promise } satisfies Device
}

/** Another process, which has no way to end a session. */
async function startOffice(...args: readonly string[]) {
  const program = 'test/acceptance/office-process.ts'
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = new Collector<string>()
  const ended = deferred<number | null>()
  child.once('close', ended.resolve)
  createInterface(child.stdout).on('line', lines.push)
  await lines.reach(1, 'ready office', 60_000)
  return {
    /** Has it do something. Returns the names of those that it told. */
    async run(line: string): Promise<string> {
      const count = lines.items.length
      child.stdin.write(`${line}\n`)
      await lines.reach(count + 1, 'answer of the office', LIMIT_MS)
      const answer = lines.items.at(-1)!
      assert.ok(answer.startsWith(`${line}: `), answer)
      return answer.slice(line.length + 2)
    },
    async stop() {
      child.stdin.end()
      assert.equal(await within(ended.promise, 'end of the office', LIMIT_MS), 0)
    },
  }
}

describe('a change by another process', {
  skip: postgresMissing || redisMissing,
  timeout: 600_000,
}, () => {
  let server: Postgres
  let redis: RedisServer
  before(async () => {
    server = await startPostgres()
    redis = await startRedis()
  })
  after(async () => {
    await server?.stop()
    await redis?.stop()
  })

  for (const [title, driver, byRedis] of CARRIERS) {
    describe(title, () => {
      const cleanUp: (() => unknown)[] = []
      const lines = new Collector<string>()
      const logger: Logger = { info: lines.push, warn: lines.push, error: lines.push }
      const open = (port = server.port, redisPort = redis.port): SiteFleet => {
        const url = server.url.replace(`:${server.port}/`, `:${port}/`)
        const redisUrl = `redis://127.0.0.1:${redisPort}`
        const site = siteFleet(LISTENING_DRIVERS[driver]!, url, byRedis ? redisUrl : undefined)
        cleanUp.push(() => site.close())
        return site
      }
      const watch = async (fleet: Fleet) => {
        const watching = await watchFleet(fleet, { logger })
        assert.equal(watching.isListening, true)
        cleanUp.push(() => watching.close())
        return watching
      }
      /** The end of everything that listens. */
      const sever = async () => {
        if (!byRedis) return severListening(server.url)
        const { openIoRedis } = await import('../redis/clients.ts')
        const client = openIoRedis(redis.url)
        const count = await client.call('CLIENT', 'KILL', 'TYPE', 'PUBSUB')
        client.disconnect()
        return Number(count)
      }

      let here: SiteFleet
      let office: Awaited<ReturnType<typeof startOffice>>
      let emqx: EmqxServer
      beforeEach(async () => {
        lines.items.length = 0
        here = open()
        await here.migrate()
        for (const id of (await here.fleet.list()).records.map((record) => record.id)) {
          await here.fleet.remove(meter, id)
        }
        const args = [driver, server.url, ...(byRedis ? [redis.url] : [])]
        office = await startOffice(...args)
        cleanUp.push(() => office.stop())
        emqx = await startEmqx()
        cleanUp.push(() => emqx[Symbol.asyncDispose]())
      })
      afterEach(async () => {
        for (const step of cleanUp.splice(0).reverse()) await step()
      })

      const openBroker = async (fleet: Fleet) => {
        const broker = await embeddedBroker(fleet, { port: 0, logger })
        cleanUp.push(() => broker.close())
        return broker
      }
      const connect = async (url: string, login: { username: string; password: string }) => {
        const device = await connectDevice(url, login)
        cleanUp.push(() => device.client.end(true))
        return device
      }
      const ask = async ({ fleet }: SiteFleet, id: string) => {
        const topic = `things/meter/${id}/data`
        return (await fleet.authorize({ username: `meter/${id}`, action: 'publish', topic })).effect
      }

      test('ends the sessions at each embedded broker, and at EMQX once', async () => {
        const [other, deaf] = [open(), open()]
        const [one, two] = [
          await here.fleet.provision(meter, 'M-1'),
          await here.fleet.provision(meter, 'M-2'),
        ]
        for (const { fleet } of [here, other]) {
          fleet.onChange('emqx', emqxKick({ url: emqx.url, key: KEY, secret: SECRET }))
          await watch(fleet)
        }
        const brokers = [await openBroker(here.fleet), await openBroker(other.fleet)]
        const deafBroker = await openBroker(deaf.fleet)
        emqx.clients.push(
          { clientid: 'at EMQX', username: one.username },
          { clientid: 'bystander', username: two.username },
        )
        const told = await Promise.all(brokers.map(({ url }) => connect(url, one)))
        const notTold = await Promise.all([
          ...brokers.map(({ url }) => connect(url, two)),
          connect(deafBroker.url, one),
        ])
        for (const site of [here, other, deaf]) assert.equal(await ask(site, 'M-1'), 'allow')

        assert.equal(await office.run('rotate M-2'), 'other processes')
        assert.equal(await office.run('revoke M-1'), 'other processes')
        for (const { ended } of told) {
          assert.equal(await within(ended, 'end of the session', LIMIT_MS), ADMINISTRATIVE_ACTION)
        }
        // Whoever acts asks for the clients, ends the one, and asks again; the other one asks nothing.
        for (const end = performance.now() + LIMIT_MS; emqx.requests.length < 3; ) {
          assert.ok(performance.now() < end, 'nobody acts')
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        await other.fleet.provision(meter, 'M-3')
        assert.deepEqual([emqx.ended, emqx.requests.length], [['at EMQX'], 3])
        assert.deepEqual([await ask(here, 'M-1'), await ask(other, 'M-1')], ['deny', 'deny'])
        // Nobody told it: as last read.
        assert.equal(await ask(deaf, 'M-1'), 'allow')
        for (const { client } of notTold) assert.equal(client.connected, true)
        for (const site of [here, other]) assert.equal(await ask(site, 'M-2'), 'allow')
      })

      test('made by one that has the way is nobody else’s to act on', async () => {
        const other = open()
        const one = await here.fleet.provision(meter, 'M-1')
        const kicks = [here, other].map(({ fleet }) => {
          let count = 0
          const kick = emqxKick({ url: emqx.url, key: KEY, secret: SECRET })
          fleet.onChange('emqx', (change) => {
            count++
            return kick(change)
          })
          return () => count
        })
        await watch(here.fleet)
        await watch(other.fleet)
        emqx.clients.push({ clientid: 'at EMQX', username: one.username })
        const heard = new Collector<string>()
        other.fleet.onChange('ears', ({ kind }) => heard.push(kind), { holds: 'own' })
        const { done } = await here.fleet.revoke(meter, 'M-1')
        assert.deepEqual(done, ['emqx', 'other processes'])
        await heard.reach(1, 'changes', LIMIT_MS)
        assert.deepEqual([kicks[0]!(), kicks[1]!(), emqx.requests.length], [1, 0, 3])
        assert.deepEqual(emqx.ended, ['at EMQX'])
      })

      test('that was made while the connection was away counts when it is back', async () => {
        const relay: Relay = await startRelay(byRedis ? redis.port : server.port)
        // Ends after whatever connects through it.
        cleanUp.push(() => relay[Symbol.asyncDispose]())
        const far = byRedis ? open(server.port, relay.port) : open(relay.port)
        const one = await here.fleet.provision(meter, 'M-1')
        const two = await here.fleet.provision(meter, 'M-2')
        const broker = await openBroker(far.fleet)
        await watch(far.fleet)
        const [device, bystander] = [await connect(broker.url, one), await connect(broker.url, two)]
        assert.equal(await ask(far, 'M-1'), 'allow')
        relay.cut()
        // One that connects again by itself says nothing until nothing was heard for a while.
        await lines.reach(1, 'lines', 3 * LIMIT_MS)
        assert.match(lines.items[0]!, /other processes make are not heard/)
        await office.run('revoke M-1')
        // Nobody told it. Decisions go on, as what is known says.
        assert.equal(await ask(far, 'M-1'), 'allow')
        assert.equal(device.client.connected, true)
        relay.heal()
        await within(device.ended, 'end of the session', LIMIT_MS)
        assert.ok(lines.items.some((line) => /are heard again/.test(line)))
        assert.equal(await ask(far, 'M-1'), 'deny')
        assert.equal(await ask(far, 'M-2'), 'allow')
        assert.equal(bystander.client.connected, true)
      })

      test('counts after the connection was killed at the server, which is told', async () => {
        const one = await here.fleet.provision(meter, 'M-1')
        const broker = await openBroker(here.fleet)
        const watching = await watch(here.fleet)
        const device = await connect(broker.url, one)
        for (let i = 1; i <= 3; i++) {
          const count = lines.items.length
          assert.equal(await sever(), 1)
          await lines.reach(count + 2, 'lines', LIMIT_MS)
          assert.match(lines.items[count]!, /are not heard/)
          assert.match(lines.items[count + 1]!, /are heard again/)
        }
        assert.equal(watching.isListening, true)
        assert.equal(device.client.connected, true)
        await office.run('revoke M-1')
        assert.equal(
          await within(device.ended, 'end of the session', LIMIT_MS),
          ADMINISTRATIVE_ACTION,
        )
      })

      test('disables the device at Mosquitto, once', {
        skip: isNode ? dynsecSiteMissing : 'dynamic security runs on Node',
      }, async () => {
        const site: DynsecSite = await startDynsecSite()
        cleanUp.push(() => site.stop())
        const commands: string[] = []
        const counted = (broker: Broker): Broker => {
          const publish = broker.publish.bind(broker)
          broker.publish = (message) => {
            commands.push(new TextDecoder().decode(message.payload))
            return publish(message)
          }
          return broker
        }
        const one = await here.fleet.provision(meter, 'M-1')
        const two = await here.fleet.provision(meter, 'M-2')
        const others = [open(), open()]
        // Before, so that there is nothing to catch up on.
        for (const { fleet } of [here, ...others]) await watch(fleet)
        for (const { fleet } of others) {
          const security = dynamicSecurity(fleet, { broker: counted(admin(site.url)), logger })
          await security.start()
          cleanUp.push(() => security.close())
        }
        const [device, bystander] = [await connect(site.url, one), await connect(site.url, two)]
        commands.length = 0
        assert.equal(await office.run('revoke M-1'), 'other processes')
        await within(device.ended, 'end of the session', LIMIT_MS)
        const again = await connectDevice(site.url, one).catch((error) => error.code)
        assert.equal(again, 0x87)
        assert.equal(commands.filter((text) => text.includes('disableClient')).length, 1)
        assert.equal(bystander.client.connected, true)
        const login = await here.fleet.provision(meter, 'M-new')
        // Another process tells Mosquitto the password, and nobody waits for that.
        for (let end = performance.now() + LIMIT_MS; ; ) {
          const outcome = await connectDevice(site.url, login).catch(() => undefined)
          if (outcome) {
            outcome.client.end(true)
            break
          }
          assert.ok(performance.now() < end, 'it cannot log in')
        }
        assert.equal(commands.filter((text) => text.includes('createClient')).length, 1)
      })
    })
  }

  test('a Redis that stands still stops no decision, and who revokes is told', async () => {
    const site = siteFleet(LISTENING_DRIVERS.pg!, server.url, redis.url)
    const logger = { info() {}, warn() {}, error() {} }
    const watching = await watchFleet(site.fleet, { logger })
    try {
      await site.migrate()
      await site.fleet.provision(meter, 'M-frozen')
      redis.freeze()
      const request = { action: 'publish', topic: 'things/meter/M-frozen/data' } as const
      const ask = () => site.fleet.authorize({ username: 'meter/M-frozen', ...request })
      assert.equal((await within(ask(), 'decision')).effect, 'allow')
      const error = await within(site.fleet.revoke(meter, 'M-frozen'), 'end', LIMIT_MS).catch(
        (thrown) => thrown,
      )
      assert.ok(error instanceof ChangeError, String(error))
      assert.deepEqual(
        error.failed.map(({ name }) => name),
        ['other processes'],
      )
      assert.equal((await within(ask(), 'decision')).effect, 'deny')
    } finally {
      redis.thaw()
      await watching.close()
      await site.close()
    }
  })
})
