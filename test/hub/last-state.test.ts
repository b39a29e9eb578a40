/**
 * What a hub keeps of what devices told last.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  createFleet,
  createHub,
  type DeviceState,
  type DeviceStore,
  defineDeviceType,
  type HubOptions,
  type LastWords,
  memoryBroker,
  memoryServer,
  memoryStore,
  presenceTracker,
  storedPresence,
} from '../../src/index.ts'
import { bytes, captureLog } from './fixture.ts'

const valve = defineDeviceType('valve', {
  data: v.object({
    mode: v.optional(v.string()),
    open: v.optional(v.boolean()),
    flow: v.optional(v.number()),
    at: v.optional(
      v.pipe(
        v.string(),
        v.transform((text) => new Date(text)),
      ),
    ),
    large: v.optional(
      v.pipe(
        v.string(),
        v.transform((text) => BigInt(text)),
      ),
    ),
  }),
  stateFields: ['mode', 'open', 'at', 'large'],
})

type Sent = readonly [channel: 'data' | 'status', payload: unknown, retain?: boolean]

interface Kept {
  /** Without its times. */
  readonly state: Omit<DeviceState, 'lastHeard' | 'freshUntil'>
  readonly isHeard: boolean
  readonly lines: readonly string[]
}

/** What is on record once a hub that got some messages is closed. */
async function keptOf(
  sent: readonly Sent[],
  { store = memoryStore(), ...options }: Partial<HubOptions> & { store?: DeviceStore } = {},
): Promise<Kept> {
  const fleet = createFleet({ types: [valve], store })
  await fleet.provision(valve, 'V-1')
  const server = memoryServer()
  const log = captureLog()
  const devices = memoryBroker(server)
  await devices.connect({ onMessage: () => {} })
  const publish = ([channel, payload, retain = false]: Sent) =>
    devices.publish({
      topic: `things/valve/V-1/${channel}`,
      payload: bytes(typeof payload === 'string' ? payload : JSON.stringify(payload)),
      retain,
    })
  for (const message of sent) if (message[2]) await publish(message)
  const hub = createHub(fleet, {
    brokers: { default: memoryBroker(server) },
    logger: log,
    ...options,
  })
  await hub.start()
  for (const message of sent) if (!message[2]) await publish(message)
  await hub.close()
  await devices.close()
  const { lastHeard, freshUntil, ...state } = (await store.states?.read('valve', 'V-1')) ?? {}
  if (lastHeard !== undefined) assert.equal(freshUntil, lastHeard + 750_000)
  return { state, isHeard: lastHeard !== undefined, lines: log.lines }
}

describe('the last state', () => {
  const long = 'x'.repeat(1_000)
  const rows: readonly (readonly [
    what: string,
    sent: readonly Sent[],
    state: Kept['state'],
    isHeard?: boolean,
  ])[] = [
    ['of a device that sent nothing', [], {}, false],
    [
      'has the names of a default status',
      [['status', { status: 'online', battery_level: 85.5, firmware_version: '2.1.0', rssi: -70 }]],
      { status: 'online', battery: 85.5, firmware: '2.1.0' },
    ],
    [
      'has the last word on each',
      [
        ['status', { status: 'online', battery_level: 85 }],
        ['status', { battery_level: 0 }],
        ['status', { firmware_version: '' }],
      ],
      { status: 'online', battery: 0, firmware: '' },
    ],
    [
      'has the fields that the type keeps, as its schema made them',
      [
        ['data', { mode: 'eco', flow: 3, at: '2026-01-02T03:04:05Z' }],
        ['data', { open: true }],
      ],
      { fields: { mode: 'eco', at: '2026-01-02T03:04:05.000Z', open: true } },
    ],
    [
      'has what came as a list of readings',
      [['data', { readings: [{ type: 'mode', value: 'eco' }] }]],
      { fields: { mode: 'eco' } },
    ],
    ['has no fields that the type does not keep', [['data', { flow: 3 }]], {}],
    ['has nothing of a message that is refused, which was heard', [['data', { mode: 7 }]], {}],
    ['has nothing of what is no JSON, which was heard', [['status', 'online']], {}],
    [
      'has nothing of a message that the broker had kept',
      [['status', { status: 'x' }, true]],
      {},
      false,
    ],
    [
      'has words as one line, and not all of a long one',
      [['status', { status: 'a\nb', firmware_version: 'x'.repeat(200) }]],
      { status: 'a\\u{a}b', firmware: `${'x'.repeat(128)}…` },
    ],
    [
      'has no field that is too long or cannot be written',
      [['data', { mode: long, large: '7', open: false }]],
      { fields: { open: false } },
    ],
    [
      'has a field of 1,000 characters',
      [['data', { mode: long.slice(2) }]],
      { fields: { mode: long.slice(2) } },
    ],
  ]
  for (const [what, sent, state, isHeard = true] of rows) {
    test(what, async () => {
      const kept = await keptOf(sent)
      assert.deepEqual([kept.state, kept.isHeard], [state, isHeard])
    })
  }

  test('what is left out is logged', async () => {
    const { lines } = await keptOf([['data', { mode: long, large: '7' }]])
    assert.deepEqual(lines, [
      'warn: The field "mode" of data of valve/V-1 is too long to be kept, or no JSON',
      'warn: The field "large" of data of valve/V-1 is too long to be kept, or no JSON',
    ])
  })
})

describe('who keeps it', () => {
  const sent: readonly Sent[] = [['status', { status: 'online' }]]

  test('the hub, beside a tracker that it tells', async () => {
    const presence = presenceTracker({ types: [valve] })
    const kept = await keptOf(sent, { presence })
    assert.deepEqual([kept.state, kept.isHeard], [{ status: 'online' }, true])
    assert.equal(presence.of(valve, 'V-1').fresh, true)
  })

  test('a stored presence that is given, and the hub nothing', async () => {
    const writes: string[] = []
    const store = memoryStore()
    const states = {
      ...store.states!,
      write: async (...args: Parameters<NonNullable<DeviceStore['states']>['write']>) => {
        writes.push(...args[0].map(({ id }) => id))
        return store.states!.write(...args)
      },
    }
    const fleet = createFleet({ types: [valve], store: { ...store, states } })
    const presence = storedPresence(fleet)
    const kept = await keptOf(sent, { store: { ...store, states }, presence })
    assert.deepEqual([kept.isHeard, writes], [false, []])
    await presence.close()
    assert.equal((await store.states!.read('valve', 'V-1'))?.status, 'online')
    assert.deepEqual(writes, ['V-1'])
  })

  test('a presence of one’s own that takes words', async () => {
    const told: LastWords[] = []
    const presence = {
      heard: () => {},
      told: (_: unknown, words: LastWords) => void told.push(words),
    }
    const kept = await keptOf(sent, { presence })
    assert.deepEqual([kept.isHeard, told], [false, [{ status: 'online' }]])
  })

  test('nobody, where the store keeps no states', async () => {
    const { states: _, ...store } = memoryStore()
    const kept = await keptOf(sent, { store })
    assert.deepEqual([kept.isHeard, kept.lines], [false, []])
  })

  test('no message waits for the store', async () => {
    const store = memoryStore()
    const states = { ...store.states!, write: () => new Promise<never>(() => {}) }
    const fleet = createFleet({ types: [valve], store: { ...store, states } })
    await fleet.provision(valve, 'V-1')
    const server = memoryServer()
    const devices = memoryBroker(server)
    await devices.connect({ onMessage: () => {} })
    const logger = captureLog()
    const hub = createHub(fleet, { brokers: { default: memoryBroker(server) }, logger })
    await hub.start()
    let handled = 0
    hub.onStatus(valve, () => void handled++)
    for (let i = 0; i < 100; i++) {
      await devices.publish({ topic: 'things/valve/V-1/status', payload: bytes('{"status":"x"}') })
    }
    assert.equal(handled, 100)
    await devices.close()
    // It gives up on the last write after a while.
    await hub.close()
    assert.match(logger.lines.join('\n'), /no answer of the store within 5000 ms/)
  })
})
