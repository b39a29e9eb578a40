/**
 * A message that comes again: handled once, where its sender gives it an id and the hub remembers.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { seenMessages } from '../../src/hub/seen.ts'
import {
  createFleet,
  createHub,
  defineDeviceType,
  type ExpiringKeys,
  type HubOptions,
  memoryBroker,
  memoryKeys,
  memoryServer,
  memoryStore,
  type OutgoingMessage,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'
import { bytes } from './fixture.ts'

const data = v.object({ rpm: v.number(), n: v.optional(v.union([v.string(), v.number()])) })
const plain = defineDeviceType('plain', { data })
const numbered = defineDeviceType('numbered', { data, messageId: 'n' })

type Sent = readonly [type: 'plain' | 'numbered', id: string, body: object, messageId?: string]

/** What reaches the handlers of what devices send, in order; the last message has the rpm -1. */
async function handledOf(sent: readonly Sent[], options: Partial<HubOptions>): Promise<number[]> {
  const fleet = createFleet({ types: [plain, numbered], store: memoryStore() })
  for (const type of [plain, numbered]) {
    for (const id of ['a', 'b', 'end']) await fleet.provision(type, id)
  }
  const server = memoryServer()
  const logger = { info() {}, warn() {}, error() {} }
  await using hub = createHub(fleet, {
    brokers: { default: memoryBroker(server) },
    logger,
    retry: { attempts: 2, delay: 0.001 },
    ...options,
  })
  const handled = new Collector<number>()
  for (const type of [plain, numbered]) {
    hub.onData(type, ({ data }) => {
      if (data.rpm === 13 && !handled.items.includes(13)) {
        handled.push(13)
        throw new Error('unlucky')
      }
      handled.push(data.rpm)
    })
  }
  await hub.start()
  const devices = memoryBroker(server)
  await devices.connect({ onMessage: () => {} })
  for (const [type, id, body, messageId] of sent) {
    const message: OutgoingMessage = {
      topic: `things/${type}/${id}/data`,
      payload: bytes(JSON.stringify(body)),
      ...(messageId !== undefined && { userProperties: { 'message-id': messageId } }),
    }
    await devices.publish(message)
  }
  await hub.close() // Handles what it has.
  await devices.close()
  return handled.items
}

const rows: readonly [string, readonly Sent[], readonly number[]][] = [
  [
    'a user property that comes again is handled once',
    [
      ['plain', 'a', { rpm: 1 }, 'x'],
      ['plain', 'a', { rpm: 2 }, 'x'],
      ['plain', 'a', { rpm: 3 }, 'y'],
    ],
    [1, 3],
  ],
  [
    'a field that the type names, as a text or a number',
    [
      ['numbered', 'a', { rpm: 1, n: 7 }],
      ['numbered', 'a', { rpm: 2, n: 7 }],
      ['numbered', 'a', { rpm: 3, n: '7' }],
      ['numbered', 'a', { rpm: 4, n: 8 }],
    ],
    [1, 4],
  ],
  [
    'the user property goes before the field',
    [
      ['numbered', 'a', { rpm: 1, n: 7 }, 'x'],
      ['numbered', 'a', { rpm: 2, n: 7 }, 'y'],
      ['numbered', 'a', { rpm: 3, n: 8 }, 'x'],
    ],
    [1, 2],
  ],
  [
    'the same field of a type that does not name it means nothing',
    [
      ['plain', 'a', { rpm: 1, n: 7 }],
      ['plain', 'a', { rpm: 2, n: 7 }],
    ],
    [1, 2],
  ],
  [
    'the id of another device, or of another type, is another id',
    [
      ['plain', 'a', { rpm: 1 }, 'x'],
      ['plain', 'b', { rpm: 2 }, 'x'],
      ['numbered', 'a', { rpm: 3 }, 'x'],
    ],
    [1, 2, 3],
  ],
  [
    'without an id, or with an empty one, a message is handled each time',
    [
      ['plain', 'a', { rpm: 1 }],
      ['plain', 'a', { rpm: 1 }],
      ['plain', 'a', { rpm: 1 }, ''],
      ['plain', 'a', { rpm: 1 }, ''],
    ],
    [1, 1, 1, 1],
  ],
  [
    'an id that is too long is none',
    [
      ['plain', 'a', { rpm: 1 }, 'x'.repeat(600)],
      ['plain', 'a', { rpm: 2 }, 'x'.repeat(600)],
    ],
    [1, 2],
  ],
  [
    'a message whose handler failed is tried again, and then counts as handled',
    [
      ['plain', 'a', { rpm: 13 }, 'x'],
      ['plain', 'a', { rpm: 2 }, 'x'],
    ],
    [13, 13],
  ],
]

describe('with keys for what was seen', () => {
  for (const [title, sent, expected] of rows) {
    for (const [where, store] of [
      ['in memory', memoryKeys],
      ['that takes its time', laterKeys],
    ] as const) {
      test(`${title}, ${where}`, async () => {
        assert.deepEqual(await handledOf(sent, { seen: store() }), expected)
      })
    }
  }

  test('a hub that starts again with it handles nothing again', async () => {
    const seen = memoryKeys()
    const sent: readonly Sent[] = [['plain', 'a', { rpm: 1 }, 'x']]
    assert.deepEqual(await handledOf(sent, { seen }), [1])
    assert.deepEqual(await handledOf(sent, { seen }), [])
  })

  test('a message whose handler never succeeds is not remembered: it may come again', async () => {
    const seen = memoryKeys()
    const sent: readonly Sent[] = [['plain', 'a', { rpm: 13 }, 'x']]
    assert.deepEqual(await handledOf(sent, { seen, retry: { attempts: 1 } }), [13])
    assert.equal(seen.get('seen/things/plain/a/data/x'), undefined)
  })

  test('one that fails is tried again, and then the message goes to the dead letters', async () => {
    const letters: unknown[] = []
    const broken: ExpiringKeys = {
      ...memoryKeys(),
      get: () => Promise.reject(new Error('out of order')),
    }
    const deadLetter = ({ error }: { error: unknown }) => void letters.push(String(error))
    const sent: readonly Sent[] = [['plain', 'a', { rpm: 1 }, 'x']]
    assert.deepEqual(await handledOf(sent, { seen: broken, deadLetter }), [])
    assert.deepEqual(letters, ['Error: out of order'])
  })
})

test('without keys every message is handled', async () => {
  const sent: readonly Sent[] = [
    ['plain', 'a', { rpm: 1 }, 'x'],
    ['plain', 'a', { rpm: 2 }, 'x'],
  ]
  assert.deepEqual(await handledOf(sent, {}), [1, 2])
})

test('fleets with other prefixes that share keys keep their ids apart', () => {
  const keys = memoryKeys()
  seenMessages(keys, 'north').add('plain/a/data/x')
  assert.equal(seenMessages(keys, 'south').has('plain/a/data/x'), false)
  assert.equal(seenMessages(keys, 'north').has('plain/a/data/x'), true)
})

test('a type names a field by a text that is not empty', () => {
  for (const messageId of ['', 7, null] as unknown as string[]) {
    const types = [defineDeviceType('pump', { data, messageId })]
    assert.throws(() => createFleet({ types, store: memoryStore() }), {
      name: 'ConfigError',
      key: 'pump.messageId',
    })
  }
})

function laterKeys(): ExpiringKeys {
  const keys = memoryKeys()
  return {
    get: async (key) => keys.get(key),
    set: async (key, value, lifetime) => keys.set(key, value, lifetime),
    setIfAbsent: async (key, value, lifetime) => keys.setIfAbsent(key, value, lifetime),
    compareAndSet: async (key, expected, value, lifetime) =>
      keys.compareAndSet(key, expected, value, lifetime),
  }
}
