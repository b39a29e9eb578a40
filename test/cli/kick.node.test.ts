/**
 * `devicehub devices kick`, and `revoke`, while their devices are connected: through the routes of a
 * service with an embedded broker, and by the kicks of a configuration.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { deviceAdmin } from '../../adapters/admin/index.ts'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { BrokerError, createFleet, type Kick, memoryStore } from '../../src/index.ts'
import { openClient } from '../embedded/fixture.ts'
import { captureLog } from '../hub/fixture.ts'
import { within } from '../support/wait.ts'
import { type Host, hosts, newestNode, run, userFolder } from './command.ts'
import { assertFails, CONFIG, devices, ENV, objectsOf } from './devices.ts'
import { openService, SERVICE_SECRET } from './service.ts'
import { station } from './site.ts'

const ADMINISTRATIVE_ACTION = 0x98

/** A service whose device S-1 is connected. `elsewhere` is another broker that is asked to end sessions. */
async function openSite(elsewhere?: Kick) {
  const fleet = createFleet({ types: [station], store: memoryStore() })
  const broker = await embeddedBroker(fleet, { port: 0, logger: captureLog() })
  const kicks = { embedded: broker.kick, ...(elsewhere && { elsewhere }) }
  const admin = deviceAdmin(fleet, { secret: SERVICE_SECRET, kicks, logger: captureLog() })
  const service = await openService(new Hono().route('/admin', admin).fetch)
  const { username, password } = await fleet.provision(station, 'S-1')
  const connect = () => openClient(broker.url, { username, password, clientId: username })
  return {
    connect,
    ask: (host: Host, ...args: string[]) => service.devices(args, host),
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]()
      await broker.close()
    },
  }
}

for (const host of hosts) {
  test(`kick and revoke end a connection, on ${host.name}`, { skip: host.missing }, async () => {
    await using site = await openSite()
    const first = await site.connect()
    const kicked = await site.ask(host, 'kick', 'weatherstation/S-1')
    assert.deepEqual(kicked, {
      stdout: 'weatherstation/S-1: done (told: embedded)\n',
      stderr: '',
      code: 0,
    })
    assert.equal(await within(first.ended, 'end'), ADMINISTRATIVE_ACTION)
    // Its rights are as they were.
    const second = await site.connect()
    const revoked = await site.ask(host, 'revoke', 'weatherstation/S-1')
    assert.deepEqual([revoked.stderr, revoked.code], ['', 0])
    assert.equal(await within(second.ended, 'end'), ADMINISTRATIVE_ACTION)
    await assert.rejects(site.connect())
  })
}

test('a broker that fails is told, and keeps no other from ending what it has', async () => {
  await using site = await openSite(() =>
    Promise.reject(new BrokerError('ERR_BROKER_UNREACHABLE', 'the broker is away')),
  )
  const { ended } = await site.connect()
  const { stdout, stderr, code } = await site.ask(hosts[0]!, 'kick', 'weatherstation/S-1', '--json')
  assert.equal(await within(ended, 'end'), ADMINISTRATIVE_ACTION)
  const failed = [{ name: 'elsewhere', problem: 'the broker is away' }]
  assert.deepEqual(objectsOf(stdout), [
    { type: 'weatherstation', id: 'S-1', done: ['embedded'], failed },
  ])
  const line = 'weatherstation/S-1: its sessions may go on at elsewhere: the broker is away'
  assert.deepEqual([stderr, code], [`devicehub: ${line}\n`, 1])
})

describe('over a store', { skip: newestNode.missing }, () => {
  const host = newestNode
  const KICKS = `
import { appendFileSync } from 'node:fs'
const one = async ({ username }) => appendFileSync('kicked.txt', username + '\\n')
const away = () => Promise.reject(new Error('the broker is away'))
`
  const withKicks = (kicks: string) =>
    `${KICKS}${CONFIG.replace("store: 'fleet.db'", `store: 'fleet.db', kicks: ${kicks}`)}`

  async function folderWith(config: string) {
    const folder = userFolder({ 'devicehub.config.ts': config })
    const made = await run(host, folder, ['store', 'migrate'])
    assert.deepEqual([made.stderr, made.code], ['', 0])
    await devices(host, folder, 'provision', 'weatherstation', 'S-1', '--username', 'roof')
    return folder
  }

  test('it calls the kicks of the configuration with the user name', async () => {
    using folder = await folderWith(withKicks('{ one, two: one }'))
    const kicked = await devices(host, folder, 'kick', 'weatherstation/S-1')
    assert.deepEqual(kicked.stdout, 'weatherstation/S-1: done (told: one, two)\n')
    assert.equal(readFileSync(join(folder.path, 'kicked.txt'), 'utf8'), 'roof\nroof\n')
  })

  test('one that fails is told', async () => {
    using folder = await folderWith(withKicks('{ away, one }'))
    assertFails(
      await devices(host, folder, 'kick', 'weatherstation/S-1'),
      /weatherstation\/S-1: its sessions may go on at away: the broker is away/,
      1,
      'weatherstation/S-1: done (told: one)\n',
    )
  })

  for (const [what, config, device, line, code] of [
    ['no kicks', CONFIG, 'weatherstation/S-1', /the configuration has no kicks: add "kicks"/, 2],
    [
      'a kick that is no function',
      withKicks("{ one: 'emqx' }"),
      'weatherstation/S-1',
      /kicks\.one: must be a function/,
      2,
    ],
    [
      'a device that is not on record',
      withKicks('{ one }'),
      'weatherstation/S-2',
      /ERR_DEVICE_UNKNOWN/,
      1,
    ],
  ] as const) {
    test(`with ${what} nobody is kicked`, async () => {
      using folder = userFolder({ 'devicehub.config.ts': CONFIG })
      const made = await run(host, folder, ['store', 'migrate'])
      assert.equal(made.code, 0)
      await devices(host, folder, 'provision', 'weatherstation', 'S-1')
      folder.write('devicehub.config.ts', config)
      const outcome = await run(host, folder, ['devices', 'kick', device], ENV)
      assertFails(outcome, line, code)
      assert.ok(!existsSync(join(folder.path, 'kicked.txt')))
    })
  }
})
