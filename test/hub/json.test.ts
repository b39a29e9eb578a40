/**
 * Numbers that JSON can write and no number can hold: refused wherever a device's JSON is read, since
 * they would be read as `Infinity`.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  CommandError,
  command,
  createFleet,
  createHub,
  defineDeviceType,
  memoryBroker,
  memoryServer,
  memoryStore,
  PayloadError,
  presenceTracker,
  type Rejection,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'
import { bytes, captureLog, parse } from './fixture.ts'

const type = defineDeviceType('t', {
  data: v.any(),
  status: v.any(),
  commands: { ask: command({ reply: v.any() }) },
})

async function site() {
  const fleet = createFleet({ types: [type], store: memoryStore() })
  await fleet.provision(type, 'D-1')
  const server = memoryServer()
  const presence = presenceTracker({ types: [type] })
  const brokers = { default: memoryBroker(server) }
  const hub = createHub(fleet, { brokers, logger: captureLog(), presence })
  const device = memoryBroker(server)
  const publish = (channel: string, payload: string) =>
    device.publish({ topic: `things/t/D-1/${channel}`, payload: bytes(payload) })
  return {
    hub,
    device,
    presence,
    publish,
    async [Symbol.asyncDispose]() {
      await hub.close()
      await device.close()
    },
  }
}

const nested = (levels: number, inner: string) =>
  `${'['.repeat(levels)}${inner}${']'.repeat(levels)}`

const REFUSED: readonly [text: string, path: string][] = [
  ['1e999', ''],
  ['-1e999', ''],
  ['{"t":1e999}', 't'],
  ['{"t":-1e400}', 't'],
  ['{"a":1,"t":{"u":[1,2,1e309]}}', 't.u.2'],
  [`{"t":${'9'.repeat(310)}}`, 't'],
  ['{"readings":[{"type":"t","value":1e999}]}', 'readings.0.value'],
  ['{"timestamp":1e999}', 'timestamp'],
  ['{"__proto__":{"t":1e999}}', '__proto__.t'],
  [nested(1_000, '1e999'), '0.0'],
]
const TAKEN: readonly string[] = [
  '1e308',
  '-1.7976931348623157e308',
  '{"t":1e-999}',
  '{"t":"1e999"}',
  '{"1e999":"Infinity"}',
  '{"t":null}',
  nested(1_000, '1'),
]
const name = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

for (const channel of ['data', 'status'] as const) {
  describe(`a number too large for one, in ${channel}`, () => {
    for (const [text, path] of REFUSED) {
      test(`${name(text)} is rejected`, async () => {
        await using s = await site()
        const rejections = new Collector<Rejection>()
        const handled: unknown[] = []
        s.hub.onRejected(rejections.push)
        s.hub.onData(type, ({ data }) => void handled.push(data))
        s.hub.onStatus(type, ({ status }) => void handled.push(status))
        await s.hub.start()
        await s.device.connect({ onMessage: async () => {} })
        await s.publish(channel, text)
        const [rejection] = await rejections.reach(1, 'rejections')
        assert.equal(rejection!.code, 'payload-malformed')
        assert.ok(rejection!.error instanceof PayloadError)
        const [issue] = rejection!.error.issues
        assert.ok(issue!.path.startsWith(path), issue!.path)
        assert.equal(issue!.message, 'is a number too large to be read')
        assert.deepEqual(handled, [])
        // The device was heard all the same.
        assert.equal(s.presence.of(type, 'D-1').fresh, true)
      })
    }

    for (const text of TAKEN) {
      test(`${name(text)} is taken`, async () => {
        await using s = await site()
        const handled = new Collector<unknown>()
        s.hub.onRejected(({ text: reason }) => assert.fail(reason))
        s.hub.onData(type, ({ data }) => handled.push(data))
        s.hub.onStatus(type, ({ status }) => handled.push(status))
        await s.hub.start()
        await s.device.connect({ onMessage: async () => {} })
        await s.publish(channel, text)
        assert.deepEqual(await handled.reach(1, 'messages'), [JSON.parse(text)])
      })
    }
  })
}

describe('a number too large for one, in a reply', () => {
  for (const [number, ending] of [
    ['1e999', 'ERR_COMMAND_REPLY_INVALID'],
    ['-1e999', 'ERR_COMMAND_REPLY_INVALID'],
    ['1e308', undefined],
  ] as const) {
    test(`${number}: ${ending ?? 'the answer'}`, async () => {
      await using s = await site()
      await s.hub.start()
      await s.device.connect({
        async onMessage(message) {
          const { correlationData } = message
          assert.ok(correlationData)
          const topic = 'things/t/D-1/reply'
          const payload = bytes(`{"payload":{"t":${number}}}`)
          await s.device.publish({ topic, payload, correlationData })
        },
      })
      await s.device.subscribe([{ filter: 'things/t/+/cmd' }])
      const answer = s.hub.device(type, 'D-1').send('ask')
      if (!ending) return assert.deepEqual(await answer, { t: 1e308 })
      await assert.rejects(answer, (error) => {
        assert.ok(error instanceof CommandError)
        assert.equal(error.code, ending)
        assert.match(error.message, /payload\.t: is a number too large to be read/)
        return true
      })
    })
  }

  test('that names its command in its payload ends the command, too', async () => {
    await using s = await site()
    await s.hub.start()
    await s.device.connect({
      async onMessage(message) {
        const { id } = parse(message)
        await s.publish('reply', `{"id":"${id}","payload":1e999}`)
      },
    })
    await s.device.subscribe([{ filter: 'things/t/+/cmd' }])
    await assert.rejects(s.hub.device(type, 'D-1').send('ask', { timeout: 5 }), {
      code: 'ERR_COMMAND_REPLY_INVALID',
    })
  })
})
