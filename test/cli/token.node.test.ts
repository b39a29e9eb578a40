/**
 * `devicehub token`: the token logs in at the fleet of the configuration and may do what was said.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BrokerError } from '../../src/index.ts'
import { hosts, newestNode, node, run, userFolder } from './command.ts'
import { doctorSite } from './doctor-site.ts'
import { connect, publish, TYPES } from './site.ts'

const config = (fleet: string) => `${TYPES}
import { createFleet, memoryStore } from 'devicehub'
import { defineConfig } from 'devicehub/cli'
export default defineConfig(${fleet})`
const WITH_PEPPER = config(
  `{ fleet: createFleet({ types: [station], store: memoryStore(), pepper: 'pepper-0123456789' }), brokers: { default: {}, lorawan: {} } }`,
)
const ARGS = ['token', '--subscribe', '{prefix}/pump/{deviceId}/cmd', '--attribute', 'deviceId=P-1']

for (const host of hosts) {
  test(`is printed once, on ${host.name}`, { skip: host.missing }, async () => {
    using folder = userFolder({ 'devicehub.config.ts': WITH_PEPPER })
    const { code, stdout, stderr } = await run(host, folder, [...ARGS, '--expires-in', '60'])
    assert.match(
      stdout,
      /^user name {2}token:[\w-]{22}\npassword {3}[\w-]+\.[\w-]+\.[\w-]+\nexpires {4}\d{4}-.*Z\n$/,
    )
    assert.deepEqual([code, stderr], [0, ''])
  })
}

test('logs in at a broker of the same fleet, and may do that alone', {
  skip: newestNode.missing,
}, async () => {
  await using site = await doctorSite()
  const args = ['--publish', '{prefix}/pump/{deviceId}/data', '--expires-in', '60', '--json']
  const outcome = await run(newestNode, site.folder, [...ARGS, ...args])
  const { username, password, expiresAt } = JSON.parse(outcome.stdout)
  assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 60_000) < 30_000)
  const holder = await connect(site.broker, { username, password })
  try {
    await holder.subscribe([{ filter: 'things/pump/P-1/cmd' }])
    await publish(holder, 'things/pump/P-1/data', { rpm: 1 })
    for (const denied of [
      holder.subscribe([{ filter: 'things/pump/+/cmd' }]),
      publish(holder, 'things/pump/P-2/data', { rpm: 1 }),
    ]) {
      await assert.rejects(
        denied,
        (error) => (error as BrokerError).code === 'ERR_BROKER_NOT_AUTHORIZED',
      )
    }
  } finally {
    await holder.close()
  }
})

describe('is refused in one line, with code 2,', () => {
  for (const [title, file, args, line] of [
    ['without a right', WITH_PEPPER, ['token'], /say what its holder may do: --publish FILTER/],
    [
      'without a fleet',
      config('{ types: [station] }'),
      ARGS,
      /signed under the pepper of a fleet, or nobody else knows it: name the fleet by "fleet"/,
    ],
    [
      'without a pepper',
      config('{ fleet: createFleet({ types: [station], store: memoryStore() }) }'),
      ARGS,
      /the fleet has no pepper.*: give createFleet the pepper that the routes have$/m,
    ],
    ['for too long', WITH_PEPPER, [...ARGS, '--expires-in', '86401'], /expiresIn: must be/],
    ['for no number', WITH_PEPPER, [...ARGS, '--expires-in', 'x'], /expiresIn: must be/],
    [
      'with a value that is a wildcard',
      WITH_PEPPER,
      [...ARGS, '--attribute', 'deviceId=+'],
      /deviceId/,
    ],
    [
      'without a value',
      WITH_PEPPER,
      ARGS.slice(0, 3),
      /placeholder that "attributes" does not name/,
    ],
    ['for no topic filter', WITH_PEPPER, ['token', '--publish', 'a/#/b'], /#/],
  ] as const) {
    test(title, async () => {
      using folder = userFolder({ 'devicehub.config.ts': file })
      const { code, stdout, stderr } = await run(node, folder, args)
      assert.match(stderr, line)
      assert.match(stderr, /^devicehub: [^\n]+\n$/)
      assert.deepEqual([code, stdout], [2, ''])
    })
  }

  test('an attribute that is no pair: the usage too', async () => {
    using folder = userFolder()
    const { code, stderr } = await run(node, folder, ['token', '--attribute', 'deviceId'])
    assert.match(stderr, /It must be NAME=VALUE, such as deviceId=P-1/)
    assert.equal(code, 2)
  })
})
