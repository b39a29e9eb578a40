/**
 * Publishing over EMQX's management API, against what its source says that it takes and answers
 * (`emqx_mgmt_api_publish.erl`, read in November 2026, not recorded).
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createTcpServer } from 'node:net'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { emqxPublisher } from '../../adapters/emqx/index.ts'
import {
  BrokerError,
  type BrokerErrorCode,
  CommandError,
  command,
  commandSender,
  createFleet,
  defineDeviceType,
  memoryStore,
  type OutgoingMessage,
} from '../../src/index.ts'
import { bytes } from '../hub/fixture.ts'
import { published, type Recorded, recorded } from './recorded.ts'
import { type EmqxServer, KEY, SECRET, startEmqx } from './server.ts'

const message: OutgoingMessage = { topic: 'things/pump/P-1/cmd', payload: bytes({ open: true }) }

function publisherAt({ url }: { readonly url: string }, secret = SECRET) {
  return emqxPublisher({ url, key: KEY, secret })
}

/** What publishing rejects with, which holds no secret and nothing of the message. */
async function failureOf(publishing: Promise<void>): Promise<BrokerError> {
  const error = await publishing.then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof BrokerError, String(error))
  const encoded = Buffer.from(`${KEY}:${SECRET}`).toString('base64')
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const text = `${cause.message}\n${cause.stack}\n${JSON.stringify(cause)}`
    for (const hidden of [SECRET, encoded, '"open"']) assert.equal(text.includes(hidden), false)
  }
  return error
}

describe('a message is a request', () => {
  const text = (value: string) => new TextEncoder().encode(value)
  const rows: readonly [title: string, given: Partial<OutgoingMessage>, sent: object][] = [
    ['with QoS 1, not retained, unless it says otherwise', {}, { qos: 1, retain: false }],
    ['with QoS 0', { qos: 0 }, { qos: 0 }],
    ['with QoS 2, retained', { qos: 2, retain: true }, { qos: 2, retain: true }],
    ['that expires', { messageExpiry: 10 }, { properties: { message_expiry_interval: 10 } }],
    [
      'that is to be answered',
      { responseTopic: 'things/pump/P-1/reply', correlationData: text('1-ü') },
      { properties: { response_topic: 'things/pump/P-1/reply', correlation_data: '1-ü' } },
    ],
    [
      'whose correlation data begins with a byte order mark',
      { correlationData: text('\uFEFFa') },
      { properties: { correlation_data: '\uFEFFa' } },
    ],
    [
      'with user properties and a content type',
      { userProperties: { a: '1', b: ['2'], c: [], __proto__: null as never }, contentType: 'x/y' },
      { properties: { user_properties: { a: '1', b: '2' }, content_type: 'x/y' } },
    ],
    ['of any bytes', { payload: Uint8Array.from({ length: 256 }, (_, i) => i) }, {}],
    ['of none', { payload: new Uint8Array() }, {}],
    ['of many bytes', { payload: new Uint8Array(500_000).fill(0xff) }, {}],
    ['to a topic of any letters', { topic: 'a b/"ü"/🚰' }, { topic: 'a b/"ü"/🚰' }],
  ]
  for (const [title, given, sent] of rows) {
    test(title, async () => {
      await using emqx = await startEmqx()
      const all = { ...message, ...given }
      await publisherAt(emqx).publish(all)
      assert.deepEqual(emqx.requests, ['POST /api/v5/publish'])
      const [{ payload, ...rest } = assert.fail()] = emqx.published
      assert.deepEqual(new Uint8Array(Buffer.from(payload, 'base64')), all.payload)
      const defaults = { topic: message.topic, payload_encoding: 'base64', qos: 1, retain: false }
      assert.deepEqual(rest, { ...defaults, properties: {}, ...sent })
    })
  }

  test('one that nobody has subscribed to is taken', async () => {
    await using emqx = await startEmqx()
    emqx.intercept = () => published['no matching subscribers']
    await publisherAt(emqx).publish(message)
  })

  test('several at once are one each', async () => {
    await using emqx = await startEmqx()
    const publisher = publisherAt(emqx)
    await Promise.all(Array.from({ length: 20 }, () => publisher.publish(message)))
    assert.equal(emqx.published.length, 20)
  })
})

describe('nothing is sent', () => {
  const rows: readonly [title: string, message: unknown, expected: RegExp][] = [
    ['to a filter', { ...message, topic: 'a/+' }, /InvalidTopicError/],
    ['of a text', { ...message, payload: 'x' }, /TypeError: payload must be a Uint8Array/],
    ['that expires at once', { ...message, messageExpiry: 0 }, /TypeError: messageExpiry/],
    [
      'with correlation data that is no text',
      { ...message, correlationData: Uint8Array.of(0xff) },
      /BrokerError: EMQX: correlationData must be text in UTF-8/,
    ],
    [
      'with two values of a user property',
      { ...message, userProperties: { a: ['1', '2'] } },
      /BrokerError: EMQX: userProperties must have one value for each key/,
    ],
  ]
  for (const [title, given, expected] of rows) {
    test(title, async () => {
      await using emqx = await startEmqx()
      await assert.rejects(publisherAt(emqx).publish(given as OutgoingMessage), expected)
      assert.deepEqual(emqx.requests, [])
    })
  }
})

const html: Recorded = { status: 504, body: '<html>secret of a proxy</html>' }
const FAILURES: readonly [string, Recorded, BrokerErrorCode, string][] = [
  [
    'the key or its secret is wrong',
    recorded['key unknown, disabled or expired, or secret wrong'],
    'ERR_BROKER_LOGIN_REFUSED',
    'answered 401 BAD_API_KEY_OR_SECRET: check the key, its secret, and that its role is publisher or administrator',
  ],
  [
    'the key may only look',
    recorded['role is viewer or publisher'],
    'ERR_BROKER_LOGIN_REFUSED',
    'answered 403 UNAUTHORIZED_ROLE: check the key, its secret, and that its role is publisher or administrator',
  ],
  [
    'it does not take the topic',
    published['topic invalid'],
    'ERR_BROKER_REFUSED',
    'answered 400 144',
  ],
  ['it is too large', published['too large'], 'ERR_BROKER_REFUSED', 'answered 400 151'],
  [
    'it is not what the API expects',
    published['schema violated'],
    'ERR_BROKER_REFUSED',
    'answered 400 BAD_REQUEST',
  ],
  [
    'there is no such path',
    recorded['path unknown'],
    'ERR_BROKER_REFUSED',
    'answered 404 NOT_FOUND',
  ],
  [
    'nobody could be handed it',
    published['failed to dispatch'],
    'ERR_BROKER_REFUSED',
    'answered 503 131',
  ],
  ['a proxy answers a page', { ...html, status: 200 }, 'ERR_BROKER_REFUSED', 'answered 200'],
  ['a proxy takes it for later', { ...html, status: 202 }, 'ERR_BROKER_REFUSED', 'answered 202'],
  [
    'it is sent elsewhere',
    { status: 307, headers: { location: 'http://127.0.0.1:9/' } },
    'ERR_BROKER_REFUSED',
    'answered ',
  ],
  [
    'a proxy had no answer',
    html,
    'ERR_BROKER_CONNECTION_LOST',
    'answered 504, and not in words of its API: it may have the message',
  ],
]

describe('publishing fails', () => {
  for (const [title, answer, code, text] of FAILURES) {
    test(`where ${title}`, async () => {
      await using emqx = await startEmqx()
      emqx.intercept = () => answer
      const error = await failureOf(publisherAt(emqx).publish(message))
      assert.equal(error.code, code)
      // Some runtimes hide the status of a redirect.
      assert.ok(error.message.startsWith(`EMQX, POST /publish: ${text}`), error.message)
      if (!text.endsWith(' ')) assert.equal(error.message, `EMQX, POST /publish: ${text}`)
      assert.equal(emqx.requests.length, 1)
    })
  }

  test('with a secret that is not the one of the key', async () => {
    await using emqx = await startEmqx()
    const error = await failureOf(publisherAt(emqx, `${SECRET}x`).publish(message))
    assert.equal(error.code, 'ERR_BROKER_LOGIN_REFUSED')
    assert.deepEqual(emqx.published, [])
  })

  test('where nothing listens, and that nobody has it cannot be known', async () => {
    const emqx = await startEmqx()
    await emqx[Symbol.asyncDispose]()
    const error = await failureOf(publisherAt(emqx).publish(message))
    assert.equal(error.code, 'ERR_BROKER_CONNECTION_LOST')
    assert.match(error.message, /cannot be reached, or it ended the connection: it may have/)
  })

  test('where the connection ends before the answer', async () => {
    const server = createTcpServer((socket) => socket.once('data', () => socket.destroy()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const error = await failureOf(publisherAt({ url: `http://127.0.0.1:${port}` }).publish(message))
    assert.equal(error.code, 'ERR_BROKER_CONNECTION_LOST')
    server.close()
  })

  test('where no answer comes, after five seconds', { timeout: 120_000 }, async () => {
    await using emqx = await startEmqx()
    emqx.intercept = () => null
    const error = await failureOf(publisherAt(emqx).publish(message))
    assert.equal(error.code, 'ERR_BROKER_TIMEOUT')
    assert.equal(error.message, 'EMQX, POST /publish: no answer within 5000 ms')
  })
})

test('options are checked', () => {
  const api = { url: 'http://127.0.0.1', key: KEY, secret: SECRET }
  for (const [key, value] of [
    ['url', 'ftp://127.0.0.1'],
    ['key', 'a:b'],
    ['secret', ''],
    ['topic', 'x'],
  ]) {
    assert.throws(() => emqxPublisher({ ...api, [key!]: value }), { code: 'ERR_CONFIG', key })
  }
})

describe('a command sent through it', () => {
  const rpm = v.object({ rpm: v.number() })
  const commands = { stop: command(), run: command({ payload: rpm, reply: rpm }) }
  const pump = defineDeviceType('pump', { data: rpm, commands })

  async function senderAt(emqx: EmqxServer) {
    const fleet = createFleet({ types: [pump], store: memoryStore() })
    await fleet.provision(pump, 'P-1')
    return commandSender(fleet, { publishers: { default: publisherAt(emqx) } })
  }

  test('is what a hub sends, and settles with nothing', async () => {
    await using emqx = await startEmqx()
    const sender = await senderAt(emqx)
    const sent = await sender.device(pump, 'P-1').send('run', { rpm: 90 }, { timeout: 2.5 })
    assert.equal(sent, undefined)
    const [{ topic, payload, properties } = assert.fail()] = emqx.published
    const {
      command: name,
      payload: asked,
      id,
    } = JSON.parse(Buffer.from(payload, 'base64').toString())
    assert.deepEqual([topic, name, asked], ['things/pump/P-1/cmd', 'run', { rpm: 90 }])
    assert.deepEqual(properties, {
      message_expiry_interval: 3,
      response_topic: 'things/pump/P-1/reply',
      correlation_data: id,
      content_type: 'application/json',
    })
  })

  for (const [title, answer, code] of [
    ['taken', undefined, undefined],
    ['taken, and nobody has subscribed', published['no matching subscribers'], undefined],
    ['refused', published['too large'], 'ERR_COMMAND_NOT_SENT'],
    [
      'not let through',
      recorded['key unknown, disabled or expired, or secret wrong'],
      'ERR_COMMAND_NOT_SENT',
    ],
    ['not answered', html, 'ERR_COMMAND_TIMED_OUT'],
  ] as const) {
    test(`ends as it was ${title}`, async () => {
      await using emqx = await startEmqx()
      const sender = await senderAt(emqx)
      emqx.intercept = () => answer
      const sending = sender.device(pump, 'P-1').sendByName('stop', undefined)
      if (!code) return assert.equal(await sending, undefined)
      await assert.rejects(sending, (error) => {
        return error instanceof CommandError && error.code === code && error.device === 'pump/P-1'
      })
    })
  }
})
