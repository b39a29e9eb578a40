/**
 * The client id that is made where none is given: brokers resume a session by it alone, so it belongs
 * to the user name.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import { connectClient } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

const RECONNECT_LIMIT = 20_000
const OWN = /^hub\/\/[0-9a-f]{16}$/
const password = 'password'

async function clientIdOf(config: BrokerConfig): Promise<string> {
  await using server = await scriptedBroker()
  await using _ = await connectClient({ ...config, url: server.url })
  return server.logins.items[0]!.clientId
}

describe('the client id', () => {
  const rows: [title: string, config: BrokerConfig, id: RegExp][] = [
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
  const rows: [title: string, names: [string, string], config: BrokerConfig, isSame: boolean][] = [
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
