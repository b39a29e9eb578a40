/**
 * The client id that is made where none is given: brokers resume a session by it alone, so it belongs
 * to the user name.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MqttConfig } from '../../adapters/mqtt/index.ts'
import { devicePrincipal } from '../../src/device/principal.ts'
import { AccessDeniedError } from '../../src/rule/access-denied.ts'
import { withClientId } from '../../src/rule/principal.ts'
import { allow, pump, station } from '../rule/fixture.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

const RECONNECT_LIMIT = 20_000
const OWN = /^hub\/\/[0-9a-f]{16}$/
const password = 'password'

async function clientIdOf(config: MqttConfig): Promise<string> {
  await using server = await scriptedBroker()
  await using _ = await connectClient({ ...config, url: server.url })
  return server.logins.items[0]!.clientId
}

describe('the client id', () => {
  const rows: [title: string, config: MqttConfig, id: RegExp][] = [
    ['of nobody is the library’s', {}, /^devicehub-[0-9a-f]{32}$/],
    ['of a user name begins with it', { username: 'hub', password }, OWN],
    ['of a user name without a password, too', { username: 'hub' }, OWN],
    ['of MQTT 3.1.1, too', { username: 'hub', password, protocolVersion: 4 }, OWN],
    ['of what a function gives, too', { credentials: () => ({ username: 'hub', password }) }, OWN],
    [
      'of a device begins with both parts of its user name',
      { username: 'pump/P-1', password },
      /^pump\/P-1\/\/[0-9a-f]{16}$/,
    ],
    ['that is given is kept', { username: 'hub', password, clientId: 'mine' }, /^mine$/],
    [
      'that is given is kept beside a function',
      { credentials: () => ({ username: 'hub', password }), clientId: 'mine' },
      /^mine$/,
    ],
  ]
  for (const [title, config, id] of rows) {
    test(title, async () => assert.match(await clientIdOf(config), id))
  }

  for (const config of [{}, { username: 'hub', password }]) {
    test(`is another one for each client of ${config.username ?? 'nobody'}`, async () => {
      assert.notEqual(await clientIdOf(config), await clientIdOf(config))
    })
  }
})

describe('after a reconnect', () => {
  const rows: [title: string, names: [string, string], config: MqttConfig, isSame: boolean][] = [
    ['the same user name has the same id', ['hub', 'hub'], {}, true],
    ['another user name has another one', ['token:a', 'token:b'], {}, false],
    ['that is given it stays', ['token:a', 'token:b'], { clientId: 'mine' }, true],
  ]
  for (const [title, [first, second], config, isSame] of rows) {
    test(title, async () => {
      const names = [first, second]
      await using server = await scriptedBroker()
      await using client = await connectClient({
        url: server.url,
        credentials: () => ({ username: names.shift()!, password }),
        ...config,
      })
      server.disconnect(0x8b)
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      const [before, after] = server.logins.items
      assert.equal(before!.clientId === after!.clientId, isSame)
      assert.ok(config.clientId || after!.clientId.startsWith(`${second}//`))
    })
  }

  test('a new session of a new id has every subscription', async () => {
    const names = ['token:a', 'token:a', 'token:b']
    const sessions = new Set<string>()
    // Keeps the session of each client id.
    await using server = await scriptedBroker({
      connect(_, { clientId }) {
        const sessionPresent = sessions.has(clientId)
        sessions.add(clientId)
        return { sessionPresent }
      },
    })
    await using client = await connectClient({
      url: server.url,
      sessionExpiry: 60,
      credentials: () => ({ username: names.shift()!, password }),
    })
    await client.broker.subscribe([{ filter: 'a' }])
    server.disconnect(0x8b)
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    assert.deepEqual(server.filters, ['a'])
    server.disconnect(0x8b)
    await client.statuses.reach(5, 'statuses', RECONNECT_LIMIT)
    assert.deepEqual(server.filters, ['a', 'a'])
  })
})

describe('{clientId} in the rules of a principal', () => {
  const principal = station([allow('publish', 'client/{clientId}')])

  for (const [title, login] of [
    ['a user name', { username: principal.username, password }],
    ['a function', { credentials: () => ({ username: principal.username, password }) }],
  ] as const) {
    test(`has the value that the broker gives it under an id made for ${title}`, async () => {
      await using server = await scriptedBroker()
      await using client = await connectClient({ url: server.url, principal, ...login })
      const { clientId } = server.logins.items[0]!
      const { attributes } = withClientId(principal, clientId)
      const topic = `client/${attributes.clientId ?? clientId}`
      const publish = client.broker.publish({ topic, payload: bytes('x') })
      if (attributes.clientId === undefined) await assert.rejects(publish, AccessDeniedError)
      else await within(publish, 'publish')
    })
  }

  test('is the id that is given beside a function', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({
      url: server.url,
      principal,
      clientId: 'c-1',
      credentials: () => ({ username: principal.username, password }),
    })
    const payload = bytes('x')
    await within(client.broker.publish({ topic: 'client/c-1', payload }), 'publish')
    const other = client.broker.publish({ topic: 'client/c-2', payload })
    await assert.rejects(other, AccessDeniedError)
  })

  test('does not turn the guard off before the first connection', async () => {
    await using server = await scriptedBroker()
    const device = devicePrincipal(pump, 'P-1')
    await using client = await connectClient({
      url: server.url,
      principal: device,
      credentials: () => ({ username: device.username, password }),
    })
    const publish = client.broker.publish({ topic: 'things/pump/P-2/data', payload: bytes('x') })
    await assert.rejects(publish, AccessDeniedError)
  })
})
