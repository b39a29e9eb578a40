/**
 * The checks that every broker makes of what it is asked to do.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  checkFilters,
  checkMessage,
  checkSubscriptions,
  checkWill,
  InvalidTopicError,
  type OutgoingMessage,
  type Subscription,
  type Will,
} from '../../src/index.ts'

const payload = new Uint8Array(1)
const topic = 'a/b'
const whole = {
  topic,
  payload,
  qos: 2,
  retain: true,
  userProperties: { one: 'a', two: ['b', 'c'] },
  correlationData: new Uint8Array(65_535),
  responseTopic: 'a/c',
  contentType: 'text/plain',
  messageExpiry: 0xffff_ffff,
} as const

const isTypeError = (start: string) => (error: unknown) => {
  assert.ok(error instanceof TypeError, String(error))
  assert.ok(error.message.startsWith(`${start} must `), error.message)
  return true
}

describe('a message', () => {
  for (const [title, message] of [
    ['with no more than it needs', { topic, payload }],
    ['with everything', whole],
    ['with an empty payload', { topic, payload: new Uint8Array(0) }],
    ['of QoS 0', { topic, payload, qos: 0 }],
    ['with fields that are not there', { topic, payload, qos: undefined, retain: undefined }],
    ['without user properties', { topic, payload, userProperties: {} }],
    ['with a Buffer', { topic, payload: Buffer.from('a') }],
  ] as const) {
    test(`${title} is one`, () => checkMessage(message as OutgoingMessage))
  }

  for (const [message, start] of [
    [undefined, 'message'],
    [null, 'message'],
    ['a', 'message'],
    [[], 'message'],
    [{ topic }, 'payload'],
    [{ topic, payload: 'text' }, 'payload'],
    [{ topic, payload: [1] }, 'payload'],
    [{ topic, payload: new ArrayBuffer(1) }, 'payload'],
    [{ topic, payload, qos: 3 }, 'qos'],
    [{ topic, payload, qos: '1' }, 'qos'],
    [{ topic, payload, qos: null }, 'qos'],
    [{ topic, payload, retain: 1 }, 'retain'],
    [{ topic, payload, correlationData: 'id' }, 'correlationData'],
    [{ topic, payload, correlationData: new Uint8Array(65_536) }, 'correlationData'],
    [{ topic, payload, contentType: 5 }, 'contentType'],
    [{ topic, payload, contentType: 'a\0' }, 'contentType'],
    [{ topic, payload, contentType: 'ü'.repeat(32_768) }, 'contentType'],
    [{ topic, payload, userProperties: 'a' }, 'userProperties'],
    [{ topic, payload, userProperties: ['a'] }, 'userProperties'],
    [{ topic, payload, userProperties: { a: 1 } }, 'userProperties.a'],
    [{ topic, payload, userProperties: { a: ['b', null] } }, 'userProperties.a'],
    [{ topic, payload, messageExpiry: 0 }, 'messageExpiry'],
    [{ topic, payload, messageExpiry: 0.5 }, 'messageExpiry'],
    [{ topic, payload, messageExpiry: 2 ** 32 }, 'messageExpiry'],
    [{ topic, payload, messageExpiry: '1' }, 'messageExpiry'],
  ] as const) {
    test(`is none as ${inShort(message)}`, () => {
      assert.throws(() => checkMessage(message as OutgoingMessage), isTypeError(start))
    })
  }

  for (const message of [
    { payload },
    { topic: 'a/+', payload },
    { topic: '', payload },
    { topic, payload, responseTopic: 'a/#' },
    { topic, payload, responseTopic: 5 },
  ]) {
    test(`has a malformed topic as ${inShort(message)}`, () => {
      assert.throws(() => checkMessage(message as OutgoingMessage), InvalidTopicError)
    })
  }
})

describe('a will', () => {
  for (const delay of [undefined, 0, 1, 0xffff_ffff]) {
    test(`may have the delay ${delay}`, () => checkWill({ ...whole, delay } as Will))
  }
  for (const delay of [-1, 0.5, 2 ** 32, '1', null, Number.NaN]) {
    test(`may not have the delay ${delay}`, () => {
      assert.throws(() => checkWill({ ...whole, delay } as Will), isTypeError('delay'))
    })
  }
  test('is a message', () => {
    assert.throws(() => checkWill({ ...whole, topic: 'a/#' }), InvalidTopicError)
    assert.throws(() => checkWill({ topic } as Will), isTypeError('payload'))
    checkWill({ topic, payload: new Uint8Array(65_535) })
    const long = { topic, payload: new Uint8Array(65_536) }
    assert.throws(() => checkWill(long), isTypeError('payload'))
    assert.throws(() => checkWill('gone' as unknown as Will), isTypeError('will'))
  })
})

test('what counts seconds says so', () => {
  for (const [check, message] of [
    [
      () => checkWill({ ...whole, delay: -1 } as Will),
      'delay must be a whole number of seconds from 0 to 4294967295',
    ],
    [
      () => checkMessage({ topic, payload, messageExpiry: 0 }),
      'messageExpiry must be a whole number of seconds from 1 to 4294967295',
    ],
  ] as const) {
    assert.throws(check, { name: 'TypeError', message })
  }
})

describe('subscriptions', () => {
  for (const subscriptions of [
    [],
    [{ filter: '#' }],
    [
      { filter: 'a/+', qos: 0, shared: true },
      { filter: 'b', qos: 2, shared: false },
    ],
  ] as const) {
    test(`are ${inShort(subscriptions)}`, () => checkSubscriptions(subscriptions))
  }

  for (const [subscriptions, start] of [
    [undefined, 'subscriptions'],
    ['a', 'subscriptions'],
    [{ filter: 'a' }, 'subscriptions'],
    [['a'], 'subscription'],
    [[null], 'subscription'],
    [[{ filter: '$share/g/a' }], 'filter'],
    [[{ filter: 'a' }, { filter: 'b', qos: 3 }], 'qos'],
    [[{ filter: 'a', shared: 'yes' }], 'shared'],
  ] as const) {
    test(`are not ${inShort(subscriptions)}`, () => {
      const wrong = subscriptions as unknown as Subscription[]
      assert.throws(() => checkSubscriptions(wrong), isTypeError(start))
    })
  }

  for (const filter of ['', 'a/#/b', 'a+', '$share/g', undefined, 5]) {
    test(`may not have the filter ${inShort(filter)}`, () => {
      const wrong = [{ filter: 'a' }, { filter }] as Subscription[]
      assert.throws(() => checkSubscriptions(wrong), InvalidTopicError)
      assert.throws(() => checkFilters(['a', filter as string]), InvalidTopicError)
    })
  }
})

describe('filters', () => {
  for (const filters of [[], ['a'], ['a/+', '#', 'a/+']]) {
    test(`are ${inShort(filters)}`, () => checkFilters(filters))
  }
  for (const [filters, start] of [
    [undefined, 'filters'],
    ['a', 'filters'],
    [['a', '$share/g/a'], 'filter'],
  ] as const) {
    test(`are not ${inShort(filters)}`, () => {
      assert.throws(() => checkFilters(filters as unknown as string[]), isTypeError(start))
    })
  }
})

function inShort(value: unknown): string {
  return `${JSON.stringify(value)}`.slice(0, 80)
}
