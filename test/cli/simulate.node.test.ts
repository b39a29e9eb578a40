/**
 * `devicehub simulate`: devices that connect to the configured broker, at a rate, and nothing of them is
 * left.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { mqtt } from '../../adapters/mqtt/index.ts'
import type { Message } from '../../src/index.ts'
import { freePort } from '../support/mosquitto.ts'
import { newestNode, node, run, sqliteHosts, start, userFolder } from './command.ts'
import { type DoctorSite, doctorSite, HUB_PASSWORD, recorded, runModule } from './doctor-site.ts'
import { TYPES } from './site.ts'

/** What devices say, as a hub hears it. */
async function listen(site: DoctorSite) {
  const heard: { readonly topic: string; readonly rpm: number }[] = []
  const hub = mqtt({ url: site.broker, username: 'hub', password: HUB_PASSWORD })
  const onMessage = async ({ topic, payload }: Message) => {
    heard.push({ topic, ...JSON.parse(new TextDecoder().decode(payload)) })
  }
  await hub.connect({ onMessage })
  await hub.subscribe([{ filter: 'things/pump/+/data' }])
  return { heard, [Symbol.asyncDispose]: () => hub.close() }
}

describe('at an embedded broker', { skip: newestNode.missing }, () => {
  let site: DoctorSite
  before(async () => {
    site = await doctorSite()
  })
  after(() => site[Symbol.asyncDispose]())

  for (const host of sqliteHosts) {
    test(`devices that are made for the time, on ${host.name}`, {
      skip: host.missing,
    }, async () => {
      await using hub = await listen(site)
      const args = ['--devices', '4', '--rate', '40', '--duration', '2', '--realistic', '--json']
      const { code, stdout, stderr } = await run(host, site.folder, ['simulate', 'pump', ...args])
      assert.equal(stderr, '')
      const { devices, sent, failed, rate, askedRate, p95 } = JSON.parse(stdout)
      assert.deepEqual([code, devices, failed, askedRate], [0, 4, 0, 40])
      assert.ok(sent > 20 && rate <= 45, stdout)
      assert.ok(p95 > 0)
      assert.equal(hub.heard.length, sent)
      assert.deepEqual(
        [...new Set(hub.heard.map(({ topic }) => topic))].sort(),
        [1, 2, 3, 4].map((n) => `things/pump/simulated-0000${n}/data`),
      )
      const first = hub.heard.filter(({ topic }) => topic.includes('00001')).map(({ rpm }) => rpm)
      assert.ok(new Set(first).size > 1, String(first))
      assert.ok(
        first.every((rpm) => rpm > 1_200 && rpm < 1_700),
        String(first),
      )
      assert.deepEqual(await recorded(site.folder), [])
    })
  }

  test('without --realistic each sends the sample', async () => {
    await using hub = await listen(site)
    const { stdout } = await run(newestNode, site.folder, ['simulate', 'pump', '--duration', '1'])
    assert.match(
      stdout,
      /^\d+ messages of 10 devices in \d[\d.]* s: [\d.]+ a second of 10, 0 failed; the broker took 95 % of them within [\d.]+ ms\n$/,
    )
    assert.deepEqual([...new Set(hub.heard.map(({ rpm }) => rpm))], [20])
  })

  test('logins of a file of results, whose devices stay', async () => {
    site.folder.write(
      'make.ts',
      `import { writeFileSync } from 'node:fs'
import { makeFleet, pump } from './fleet.ts'
const fleet = makeFleet()
const lines = ['{"devicehub":"devices"}', '{"line":1,"type":"pump","id":"P-0","result":"there"}']
for (const id of ['P-1', 'P-2']) {
  const { username, password } = await fleet.provision(pump, id)
  lines.push(JSON.stringify({ line: 2, type: 'pump', id, result: 'added', username, password }))
}
writeFileSync(new URL('logins.jsonl', import.meta.url), lines.join('\\n'))
process.exit(0)`,
    )
    await runModule(site.folder, 'make.ts').exit()
    await using hub = await listen(site)
    const args = ['--logins', 'logins.jsonl', '--rate', '20', '--duration', '1']
    const { code, stdout } = await run(newestNode, site.folder, ['simulate', 'pump', ...args])
    assert.match(stdout, /^\d+ messages of 2 devices in /)
    assert.equal(code, 0)
    assert.deepEqual([...new Set(hub.heard.map(({ topic }) => topic))].sort(), [
      'things/pump/P-1/data',
      'things/pump/P-2/data',
    ])
    assert.deepEqual(await recorded(site.folder), ['P-1', 'P-2'])
    const more = await run(newestNode, site.folder, ['simulate', 'pump', ...args, '--devices', '3'])
    assert.match(
      more.stderr,
      /^devicehub: logins\.jsonl: has 2 logins of a pump, and --devices asks for 3\n$/,
    )
    assert.equal(more.code, 2)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} ends it with the summary, and nothing is left`, async () => {
      const kept = await recorded(site.folder)
      await using hub = await listen(site)
      const running = start(newestNode, site.folder, ['simulate', 'pump', '--rate', '100'])
      for (const limit = Date.now() + 30_000; hub.heard.length < 20 && Date.now() < limit; ) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      running.process.kill(signal)
      assert.equal(await running.exit(), 0)
      assert.match(running.lines().join('\n'), /^\d+ messages of 10 devices/)
      assert.deepEqual(await recorded(site.folder), kept)
    })
  }

  test('a broker that is not there: one line, and nothing is left', async () => {
    const kept = await recorded(site.folder)
    const { code, stdout, stderr } = await run(newestNode, site.folder, ['simulate', 'pump'], {
      DEVICEHUB_BROKERS_DEFAULT_URL: `mqtt://127.0.0.1:${await freePort()}`,
    })
    assert.match(stderr, /^devicehub: broker "default": ERR_BROKER_UNREACHABLE: [^\n]+\n$/)
    assert.deepEqual([code, stdout], [1, ''])
    assert.deepEqual(await recorded(site.folder), kept)
  })

  test('a device of somebody that is called as one of its own is left alone', async () => {
    await using own = await doctorSite()
    own.folder.write(
      'make.ts',
      `import { makeFleet, pump } from './fleet.ts'
await makeFleet().provision(pump, 'simulated-00003')
process.exit(0)`,
    )
    await runModule(own.folder, 'make.ts').exit()
    const { code, stderr } = await run(newestNode, own.folder, ['simulate', 'pump'])
    assert.equal(
      stderr,
      'devicehub: pump/simulated-00003 is on record and is no simulated device\n',
    )
    assert.equal(code, 1)
    assert.deepEqual(await recorded(own.folder), ['simulated-00003'])
  })
})

describe('what goes wrong is one line', () => {
  const types = `${TYPES}
import { defineConfig } from 'devicehub/cli'
export default defineConfig({ types: [station, node] })`
  const logins = { 'logins.jsonl': '{"type":"weatherstation","id":"S-1"}\nno JSON' }
  for (const [title, args, line] of [
    [
      'a type that there is not',
      ['fan'],
      /there is no device type "fan": there is weatherstation, node$/m,
    ],
    [
      'a broker that there is not',
      ['node'],
      /there is no broker "lorawan", which the device type "node" uses/,
    ],
    [
      'no fleet',
      ['weatherstation'],
      /without a fleet in the configuration no device can be made: name a file of logins by --logins$/m,
    ],
    ['a file that is not there', ['weatherstation', '--logins', 'no.jsonl'], /no\.jsonl: ENOENT/],
    [
      'a line that is none',
      ['weatherstation', '--logins', 'logins.jsonl'],
      /logins\.jsonl: line 2 is no JSON/,
    ],
  ] as const) {
    test(title, async () => {
      using folder = userFolder({ 'devicehub.config.ts': types, ...logins })
      const { code, stdout, stderr } = await run(node, folder, ['simulate', ...args])
      assert.match(stderr, line)
      assert.match(stderr, /^devicehub: [^\n]+\n$/)
      assert.deepEqual([code, stdout], [2, ''])
    })
  }

  for (const [option, value, line] of [
    ['--devices', '0', /whole number from 1 to 10000/],
    ['--devices', '10001', /whole number from 1 to 10000/],
    ['--rate', '0', /above 0, up to 10000/],
    ['--rate', 'fast', /above 0, up to 10000/],
    ['--duration', '-1', /above 0, up to 86400/],
  ] as const) {
    test(`${option} ${value}`, async () => {
      using folder = userFolder()
      const { code, stderr } = await run(node, folder, ['simulate', 'pump', option, value])
      assert.match(stderr, line)
      assert.equal(code, 2)
    })
  }
})
