/**
 * Making the first connection: how each way to fail is told.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { BrokerError, type BrokerErrorCode } from '../../src/base/errors.ts'
import { freePort, type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector, within } from '../support/wait.ts'
import { connectClient, makeClient, typesOf } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

async function failsToConnect(config: BrokerConfig, code: BrokerErrorCode): Promise<BrokerError> {
  await using client = makeClient(config)
  const error = await client.connect().then(
    () => assert.fail('It connected'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof BrokerError, String(error))
  assert.equal(error.code, code)
  assert.deepEqual(await client.statuses.reach(1, 'status'), [{ kind: 'closed', error }])
  await assert.rejects(client.connect(), { code: 'ERR_BROKER_CLOSED' })
  return error
}

/** A listener that takes connections and says nothing. */
async function silentServer(): Promise<
  AsyncDisposable & { port: number; dialled: Collector<Socket> }
> {
  const dialled = new Collector<Socket>()
  const server = createServer(dialled.push).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    dialled,
    async [Symbol.asyncDispose]() {
      for (const socket of dialled.items) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('connecting', () => {
  for (const scheme of ['mqtt', 'ws']) {
    test(`to a closed port over ${scheme}: is unreachable`, async () => {
      const url = `${scheme}://127.0.0.1:${await freePort()}`
      const error = await failsToConnect({ url }, 'ERR_BROKER_UNREACHABLE')
      assert.ok(error.message.startsWith(`Cannot connect to ${url}`), error.message)
      assert.ok(error.cause)
    })

    test(`to a listener that never answers over ${scheme}: takes no longer than allowed`, async () => {
      await using server = await silentServer()
      const url = `${scheme}://127.0.0.1:${server.port}`
      const error = await failsToConnect({ url, connectTimeout: 0.2 }, 'ERR_BROKER_TIMEOUT')
      assert.match(error.message, /within 0\.2 s$/)
    })

    test(`can be aborted over ${scheme}:`, async () => {
      await using server = await silentServer()
      const broker = mqtt({ url: `${scheme}://127.0.0.1:${server.port}` })
      const abort = new AbortController()
      const reason = new Error('changed my mind')
      const connecting = broker.connect({ onMessage: async () => {}, signal: abort.signal })
      await server.dialled.reach(1, 'connection')
      abort.abort(reason)
      await within(assert.rejects(connecting, reason), 'rejection')
      await within(broker.close(), 'close')
    })

    test(`can be closed over ${scheme}:`, async () => {
      await using server = await silentServer()
      const broker = mqtt({ url: `${scheme}://127.0.0.1:${server.port}` })
      const connecting = broker.connect({ onMessage: async () => {} })
      const rejected = assert.rejects(connecting, { code: 'ERR_BROKER_CLOSED' })
      await server.dialled.reach(1, 'connection')
      await within(broker.close(), 'close')
      await within(rejected, 'rejection')
    })
  }

  test('to something that is no MQTT broker is unreachable', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await failsToConnect({ url: `mqtt://127.0.0.1:${port}` }, 'ERR_BROKER_UNREACHABLE')
    await failsToConnect({ url: `ws://127.0.0.1:${port}` }, 'ERR_BROKER_UNREACHABLE')
    server.close()
  })

  for (const [reasonCode, code] of [
    [0x84, 'ERR_BROKER_UNREACHABLE'],
    [0x85, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x86, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x87, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x88, 'ERR_BROKER_UNREACHABLE'],
    [0x8a, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x8c, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x97, 'ERR_BROKER_UNREACHABLE'],
    [0x9f, 'ERR_BROKER_UNREACHABLE'],
  ] as const) {
    test(`refused with 0x${reasonCode.toString(16)} is ${code}, and not tried again`, async () => {
      await using server = await scriptedBroker({ connect: () => ({ reason: reasonCode }) })
      const error = await failsToConnect({ url: server.url }, code)
      assert.equal(error.reasonCode, reasonCode)
      assert.equal(server.connections, 1)
    })
  }

  test('loads and dials nothing before it is asked to', async () => {
    await using server = await silentServer()
    const broker = mqtt({ url: `mqtt://127.0.0.1:${server.port}` })
    await broker.close()
    assert.equal(server.dialled.items.length, 0)
  })
})

describe('logging in to Mosquitto', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  before(async () => {
    mosquitto = await startMosquitto({ logins: { hub: 'the right one' } })
  })
  after(() => mosquitto.stop())

  for (const protocolVersion of [5, 4] as const) {
    const versioned = (login: BrokerConfig): BrokerConfig => ({
      url: mosquitto.url,
      protocolVersion,
      ...login,
    })

    test(`with the right password works, protocol ${protocolVersion}`, async () => {
      const login = { username: 'hub', password: 'the right one' }
      await using client = await connectClient(versioned(login))
      assert.deepEqual(typesOf(client), ['connected'])
    })

    for (const [name, login] of [
      ['the wrong password', { username: 'hub', password: 'the wrong one' }],
      ['no password', { username: 'hub' }],
      ['an unknown user name', { username: 'nobody', password: 'the right one' }],
      ['no login', {}],
    ] as const) {
      test(`with ${name} is refused, protocol ${protocolVersion}`, async () => {
        const error = await failsToConnect(versioned(login), 'ERR_BROKER_LOGIN_REFUSED')
        assert.equal(error.reasonCode, protocolVersion === 5 ? 0x87 : 5)
        assert.doesNotMatch(error.message, /the (right|wrong) one/)
      })
    }
  }
})
