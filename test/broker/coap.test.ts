/**
 * What a device meets at the CoAP server of the examples, over UDP.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { Agent, type IncomingMessage } from 'coap'
import * as v from 'valibot'
import { CoapBroker } from '../../examples/coap/broker.ts'
import { CoapDevice, type CoapLogin } from '../../examples/coap/device.ts'
import { coap } from '../../examples/coap/engine.ts'
import { CoapServer } from '../../examples/coap/server.ts'
import {
  command,
  createBrokers,
  createFleet,
  defineDeviceType,
  type MessageHandler,
  memoryStore,
} from '../../src/index.ts'
import { bytes } from '../../src/testing/broker/bench.ts'
import { Collector, deferred, within } from '../support/wait.ts'

const pump = defineDeviceType('pump', { data: v.object({}), commands: { stop: command() } })

/** A hub's broker and a pump. */
async function site(onMessage: MessageHandler = () => {}) {
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  const server = new CoapServer(fleet, { host: '127.0.0.1', port: 0 })
  const broker = new CoapBroker(server)
  await broker.connect({ onMessage })
  const port = await server.port()
  const { topics, ...login } = await fleet.provision(pump, 'P-1')
  const devices: CoapDevice[] = []
  return {
    fleet,
    broker,
    port,
    topics,
    login,
    device(change: Partial<CoapLogin> = {}): CoapDevice {
      const device = new CoapDevice({ port, ...login, ...change })
      devices.push(device)
      return device
    },
    async [Symbol.asyncDispose]() {
      await broker.close()
      for (const device of devices) device.close()
    },
  }
}

describe('what a device is answered', () => {
  test('2.04 when it is handled, and not before', async () => {
    const begun = deferred()
    const turn = deferred()
    await using at = await site(async () => {
      begun.resolve()
      await turn.promise
    })
    await at.broker.subscribe([{ filter: at.topics.data }])
    let isAnswered = false
    const answer = at.device().post(at.topics.data, bytes('{}'))
    void answer.then(() => {
      isAnswered = true
    })
    await within(begun.promise, 'handler')
    assert.equal(await at.device().post(at.topics.cmd, bytes('{}')), '4.03')
    assert.equal(isAnswered, false)
    turn.resolve()
    assert.equal(await within(answer, 'answer'), '2.04')
  })

  test('5.00 when handling it failed', async () => {
    await using at = await site(() => Promise.reject(new Error('no')))
    await at.broker.subscribe([{ filter: at.topics.data }])
    assert.equal(await at.device().post(at.topics.data, bytes('{}')), '5.00')
  })

  test('5.03 when nobody takes it', async () => {
    await using at = await site()
    assert.equal(await at.device().post(at.topics.data, bytes('{}')), '5.03')
  })

  test('5.03 while more than a thousand messages wait', async () => {
    const turn = deferred()
    await using at = await site(() => turn.promise)
    await at.broker.subscribe([{ filter: at.topics.data }])
    const publish = async (count: number) => {
      const message = { topic: at.topics.data, payload: bytes('{}') }
      for (let n = 0; n < count; n++) await at.broker.publish(message)
    }
    // The 64 that are being handled, and all but one of those that may wait.
    await publish(64 + 999)
    const device = at.device()
    const last = device.post(at.topics.data, bytes('{}'))
    assert.equal(await at.device().post(at.topics.cmd, bytes('{}')), '4.03')
    assert.equal(await at.device().post(at.topics.data, bytes('{}')), '5.03')
    turn.resolve()
    assert.equal(await within(last, 'answer'), '2.04')
    assert.equal(await within(device.post(at.topics.data, bytes('{}')), 'answer'), '2.04')
  })

  test('2.04 for what is being handled while the hub closes, and 5.03 for what waits', async () => {
    const begun = deferred()
    const turn = deferred()
    await using at = await site(async () => {
      begun.resolve()
      await turn.promise
    })
    await at.broker.subscribe([{ filter: at.topics.data }])
    const first = at.device().post(at.topics.data, bytes('1'))
    await within(begun.promise, 'handler')
    const closing = at.broker.close()
    const second = at.device().post(at.topics.data, bytes('2'))
    assert.equal(await within(second, 'answer'), '5.03')
    turn.resolve()
    assert.equal(await within(first, 'answer'), '2.04')
    await within(closing, 'close')
  })

  for (const [title, code, ask] of [
    [
      'a wrong password',
      '4.01',
      ({ device, topics }) => device({ password: 'x' }).post(topics.data, bytes('{}')),
    ],
    [
      'a user name nobody has',
      '4.01',
      ({ device, topics }) => device({ username: 'pump/P-2' }).post(topics.data, bytes('{}')),
    ],
    [
      'no password',
      '4.01',
      ({ device, topics }) => device({ password: '' }).post(topics.data, bytes('{}')),
    ],
    [
      'the data of another',
      '4.03',
      ({ device }) => device().post('things/pump/P-2/data', bytes('{}')),
    ],
    ['a command', '4.03', ({ device, topics }) => device().post(topics.cmd, bytes('{}'))],
    [
      'a topic that is none',
      '4.03',
      ({ device }) => device().post('things/pump/P-1/#', bytes('{}')),
    ],
    ['to observe data', '4.03', ({ device, topics }) => device().observe(topics.data, () => {})],
    ['to observe everything', '4.03', ({ device }) => device().observe('#', () => {})],
    [
      'to observe with a wrong password',
      '4.01',
      ({ device, topics }) => device({ password: 'x' }).observe(topics.cmd, () => {}),
    ],
    [
      'what is too long',
      '4.13',
      ({ device, topics }) => device().post(topics.data, new Uint8Array(300_000)),
    ],
  ] satisfies [string, string, (at: Awaited<ReturnType<typeof site>>) => Promise<string>][]) {
    test(`${code} to ${title}`, async () => {
      await using at = await site(() => assert.fail('it reaches nobody'))
      await at.broker.subscribe([{ filter: '#' }])
      assert.equal(await within(ask(at), 'answer'), code)
    })
  }
})

describe('observing', () => {
  test('gives each command in order, and nobody else’s', async () => {
    await using at = await site()
    const got = new Collector<string>()
    const read = (payload: Uint8Array) => got.push(new TextDecoder().decode(payload))
    assert.equal(await at.device().observe(at.topics.cmd, read), '2.05')
    await at.broker.publish({ topic: 'things/pump/P-2/cmd', payload: bytes('other') })
    for (const body of ['1', '2', '3']) {
      await at.broker.publish({ topic: at.topics.cmd, payload: bytes(body) })
    }
    assert.deepEqual(await got.reach(3, 'commands'), ['1', '2', '3'])
  })

  test('ends when the device is revoked', async () => {
    await using at = await site()
    const got = new Collector<string>()
    const read = (name: string) => () => got.push(name)
    await at.device().observe(at.topics.cmd, read('revoked'))
    const other = await at.fleet.provision(pump, 'P-2')
    await at.device(other).observe(other.topics.cmd, read('other'))
    await at.fleet.revoke(pump, 'P-1')
    await at.broker.publish({ topic: at.topics.cmd, payload: bytes('1') })
    await at.broker.publish({ topic: other.topics.cmd, payload: bytes('2') })
    assert.deepEqual(await got.reach(1, 'commands'), ['other'])
  })

  test('ends when the device says so', async () => {
    await using at = await site()
    const socket = createSocket('udp4')
    const agent = new Agent({ socket })
    const ask = async (observe: 0 | 1) => {
      const request = agent.request({
        port: at.port,
        host: '127.0.0.1',
        observe,
        token: Buffer.from('pump'),
        pathname: at.topics.cmd,
        query: `u=${at.login.username}&p=${at.login.password}`,
      })
      request.end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      return response
    }
    // As it comes, whatever the client makes of it.
    const datagrams = new Collector<string>()
    socket.on('message', (datagram) => datagrams.push(datagram.toString('latin1')))
    assert.equal((await within(ask(0), 'answer')).code, '2.05')
    await at.broker.publish({ topic: at.topics.cmd, payload: bytes('before') })
    await datagrams.reach(2, 'notification')
    assert.equal((await within(ask(1), 'answer')).code, '2.05')
    await at.broker.publish({ topic: at.topics.cmd, payload: bytes('after') })
    // What was sent before an answer is there before it.
    assert.equal((await within(ask(1), 'answer')).code, '2.05')
    socket.close()
    const notified = datagrams.items.map((text) => /before|after/.exec(text)?.[0])
    assert.deepEqual(notified, [undefined, 'before', undefined, undefined])
  })

  test('a payload that is no datagram is refused, and says so', async () => {
    await using at = await site()
    const payload = new Uint8Array(1025)
    await assert.rejects(at.broker.publish({ topic: at.topics.cmd, payload }), {
      code: 'ERR_BROKER_REFUSED',
      message: /1024 bytes/,
    })
  })
})

describe('the engine', () => {
  for (const [config, key] of [
    [{ prot: 1 }, 'brokers.field.prot'],
    [{ port: 65_536 }, 'brokers.field.port'],
    [{ port: '5683' }, 'brokers.field.port'],
    [{ host: 'localhost' }, 'brokers.field.host'],
    [{ receiveMaximum: 0 }, 'brokers.field.receiveMaximum'],
  ] as const) {
    test(`refuses ${JSON.stringify(config)}`, () => {
      const configs = { field: { engine: 'coap', ...config } }
      const fleet = createFleet({ types: [], store: memoryStore() })
      assert.throws(() => createBrokers(configs, { coap: coap(fleet) }), {
        code: 'ERR_CONFIG',
        key,
      })
    })
  }

  test('a port that is taken is unreachable, and the broker is closed', async () => {
    await using at = await site()
    const configs = { field: { engine: 'coap', port: at.port } }
    const { field } = createBrokers(configs, { coap: coap(at.fleet) })
    await assert.rejects(field.connect({ onMessage() {} }), { code: 'ERR_BROKER_UNREACHABLE' })
    await assert.rejects(field.connect({ onMessage() {} }), { code: 'ERR_BROKER_CLOSED' })
    await field.close()
  })
})
