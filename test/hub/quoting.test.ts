/**
 * What devices sent, in the texts of a hub: quoted and cut where it enters, so that no line of a log
 * breaks, moves the cursor, or fills a disk.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  type Broker,
  CommandError,
  command,
  createFleet,
  createHub,
  type DeviceType,
  defineDeviceType,
  InvalidTopicError,
  type Logger,
  memoryBroker,
  memoryServer,
  memoryStore,
  PayloadError,
  parseTopicName,
  type Rejection,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'
import { bytes, captureLog, parse } from './fixture.ts'
import { ownBroker } from './own-broker.ts'

/** What breaks a line, moves the cursor, or turns the order of what is shown. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const HOSTILE: readonly [title: string, text: string][] = [
  ['line breaks', 'first\nsecond\r\nthird'],
  ['line breaks of Unicode', 'first\u2028second\u2029third\u0085fourth'],
  ['escape characters', '\u001b[2J\u001b]0;title\u0007\u009b31m'],
  ['characters that turn the order', 'a\u202eb\u2066c'],
  ['characters that do not show', 'a\u200bb\ufeffc\u{e0041}'],
  ['half a pair', 'a\ud83d b'],
  ['ten million characters', 'x'.repeat(10_000_000)],
  ['many that are escaped', '\u{e0041}'.repeat(10_000)],
]

function assertShort(text: string): void {
  assert.doesNotMatch(text, UNPRINTABLE)
  assert.ok(text.length <= 601, `${text.length} characters`)
}

/** What a text becomes on one broker in memory, with one device. */
async function site(type: DeviceType) {
  const fleet = createFleet({ types: [type], store: memoryStore() })
  await fleet.provision(type, 'D-1')
  const server = memoryServer()
  const log = captureLog()
  const brokers = { default: memoryBroker(server) }
  const hub = createHub(fleet, { brokers, logger: log, retry: { attempts: 1 } })
  const device = memoryBroker(server)
  return {
    hub,
    device,
    log,
    publish: (payload: unknown, channel = 'data') =>
      device.publish({ topic: `things/${type.name}/D-1/${channel}`, payload: bytes(payload) }),
    async [Symbol.asyncDispose]() {
      await hub.close()
      await device.close()
    },
  }
}

const anything = defineDeviceType('any', { data: v.any() })
const silent = async () => {}

/** How a text of a device gets into the reason of a rejection. */
const WAYS: readonly [
  title: string,
  type: DeviceType,
  payload: (text: string) => unknown,
  handler?: (data: unknown) => void,
][] = [
  ['as a value', defineDeviceType('t', { data: v.object({ t: v.number() }) }), (t) => ({ t })],
  ['as the whole', defineDeviceType('t', { data: v.number() }), (text) => JSON.stringify(text)],
  ['as a key', defineDeviceType('t', { data: v.strictObject({}) }), (text) => ({ [text]: 1 })],
  [
    'as a key on the way',
    defineDeviceType('t', { data: v.record(v.string(), v.object({ t: v.number() })) }),
    (text) => ({ [text]: {} }),
  ],
  [
    'in what a schema throws',
    defineDeviceType('t', {
      data: v.pipe(
        v.string(),
        v.check((text) => {
          throw new Error(text)
        }),
      ),
    }),
    (text) => JSON.stringify(text),
  ],
  [
    'in what a handler throws',
    anything,
    (text) => JSON.stringify(text),
    (text) => {
      throw new Error(String(text))
    },
  ],
]

for (const [way, type, payload, handler = () => {}] of WAYS) {
  describe(`the reason of a rejection is one short line, with a text ${way}`, () => {
    for (const [title, text] of HOSTILE) {
      test(title, async () => {
        await using s = await site(type)
        const rejections = new Collector<Rejection>()
        s.hub.onRejected(rejections.push)
        s.hub.onData(type, ({ data }) => handler(data))
        await s.hub.start()
        await s.device.connect({ onMessage: silent })
        await s.publish(payload(text))
        const [rejection] = await rejections.reach(1, 'rejections')
        assertShort(rejection!.text)
        assert.deepEqual(rejection!.message.payload, bytes(payload(text)), 'nothing is lost of it')
        if (!(rejection!.error instanceof PayloadError)) return
        assertShort(rejection!.error.message)
        for (const issue of rejection!.error.issues) {
          assertShort(issue.path)
          assertShort(issue.message)
        }
      })
    }
  })
}

test('of very many findings the first are told, and how many more there are', async () => {
  await using s = await site(defineDeviceType('t', { data: v.array(v.number()) }))
  const rejections = new Collector<Rejection>()
  s.hub.onRejected(rejections.push)
  await s.hub.start()
  await s.device.connect({ onMessage: silent })
  await s.publish(Array.from({ length: 10_000 }, () => ''))
  const [rejection] = await rejections.reach(1, 'rejections')
  assertShort(rejection!.text)
  assert.ok(rejection!.error instanceof PayloadError)
  assert.equal(rejection!.error.issues.length, 20)
  const few = new PayloadError(
    'data',
    Array.from({ length: 22 }, (_, i) => ({ path: '', message: `${i}` })),
  )
  assert.match(few.message, /; 19; and 2 more$/)
})

describe('a plain text stays as it is', () => {
  for (const text of ['warm', 'é ü ß', '日本語', '😀', 'a "quoted" word', 'C:\\temp']) {
    test(text, () => {
      const { message, issues } = new PayloadError('data', [{ path: text, message: text }])
      assert.equal(message, `data: ${text}: ${text}`)
      assert.deepEqual(issues, [{ path: text, message: text }])
    })
  }
})

describe('what a device says of a command is one short line', () => {
  const type = defineDeviceType('t', {
    data: v.any(),
    commands: { ask: command({ reply: v.object({ n: v.number() }) }) },
  })
  const ANSWERS: readonly [title: string, answer: (text: string) => object][] = [
    ['of a failure', (text) => ({ error: { code: text, message: text } })],
    ['of a failure, as a text', (text) => ({ error: text })],
    ['as a wrong answer', (text) => ({ payload: { n: text } })],
  ]
  for (const [way, answer] of ANSWERS) {
    for (const [title, text] of HOSTILE) {
      test(`${way}: ${title}`, async () => {
        await using s = await site(type)
        await s.hub.start()
        await s.device.connect({
          onMessage: (message) => s.publish({ id: parse(message).id, ...answer(text) }, 'reply'),
        })
        await s.device.subscribe([{ filter: 'things/t/+/cmd' }])
        await assert.rejects(s.hub.device(type, 'D-1').send('ask'), (error) => {
          assert.ok(error instanceof CommandError)
          assertShort(error.message)
          assertShort(error.deviceCode ?? '')
          return true
        })
      })
    }
  }
})

describe('what a broker says is one short line', () => {
  for (const [title, text] of HOSTILE) {
    test(`in the status of a hub and in its log: ${title}`, async () => {
      const lines: string[] = []
      const add = (line: string) => void lines.push(line)
      const logger: Logger = { info: add, warn: add, error: add }
      const own = ownBroker()
      const fleet = createFleet({ types: [anything], store: memoryStore() })
      await using hub = createHub(fleet, { brokers: { default: own as Broker }, logger })
      await hub.start()
      await own.tell({ kind: 'disconnected', error: new Error(text) })
      const { lastError } = hub.status().brokers.default!
      assertShort(lastError!.message)
      for (const line of lines) assertShort(line)
    })
  }
})

describe('a topic in an error is quoted', () => {
  for (const [title, text] of HOSTILE) {
    test(title, () => {
      assert.throws(
        () => parseTopicName(`${text}\0`),
        (error) => {
          assert.ok(error instanceof InvalidTopicError)
          assert.doesNotMatch(error.message, UNPRINTABLE)
          return true
        },
      )
    })
  }
})
