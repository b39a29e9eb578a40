/**
 * The cases of what devices told last.
 *
 * @module
 */
import type { DeviceState, PresenceTurn, StateReport } from '../../device/states.ts'
import type { DeviceFilter, DeviceStore } from '../../device/store.ts'
import * as assert from '../assert.ts'
import type { Cases } from '../contract.ts'
import { record } from './record.ts'

/** A store that keeps states. */
export type StoreWithStates = DeviceStore & Required<Pick<DeviceStore, 'states'>>

/** A moment, in milliseconds since the epoch. */
const NOW = 1_763_800_000_000
const MINUTE = 60_000

const ref = (id: string) => ({ type: 'pump', id })

/** Puts devices on record. */
async function fill(store: DeviceStore, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await store.insert(record('pump', id))
}

/** Of a store that keeps them. */
export const states: Cases<[store: StoreWithStates]> = {
  'nothing is known of a device that never told anything': async (store) => {
    await fill(store, 'P-1')
    assert.equal(await store.states.read('pump', 'P-1'), undefined)
    assert.equal(await store.states.read('pump', 'P-2'), undefined)
    const { records } = await store.list()
    assert.deepEqual(records, [record('pump', 'P-1')])
  },

  'what was told comes back, field for field': async (store) => {
    await fill(store, 'P-1', 'P-2')
    const fields = {
      rpm: 1_200.5,
      mode: 'eco',
      open: false,
      none: null,
      list: [1, null, { a: null }],
      deep: { x: { y: 'é😀"\'\u0000' } },
    }
    await store.states.write(
      [
        {
          ...ref('P-1'),
          lastHeard: NOW,
          freshUntil: NOW + MINUTE,
          connectedAt: NOW - 5,
          status: 'online',
          battery: 85.5,
          firmware: "2.1.0'",
          fields,
        },
      ],
      NOW,
    )
    const state: DeviceState = {
      lastHeard: NOW,
      freshUntil: NOW + MINUTE,
      connected: true,
      since: NOW - 5,
      status: 'online',
      battery: 85.5,
      firmware: "2.1.0'",
      fields,
    }
    assert.deepEqual(await store.states.read('pump', 'P-1'), state)
    const { records } = await store.list()
    assert.deepEqual(
      [...records].sort((a, b) => (a.id < b.id ? -1 : 1)),
      [{ ...record('pump', 'P-1'), state }, record('pump', 'P-2')],
    )
    // The record is none the wiser.
    assert.deepEqual(await store.get('pump', 'P-1'), record('pump', 'P-1'))
  },

  'what is left out stays, and fields one by one': async (store) => {
    await fill(store, 'P-1')
    const tell = (report: Omit<StateReport, 'type' | 'id'>) =>
      store.states.write([{ ...ref('P-1'), ...report }], NOW)
    await tell({ lastHeard: NOW, status: 'online', battery: 80, fields: { a: 1, b: { x: 1 } } })
    await tell({ lastHeard: NOW + 1, firmware: '2' })
    await tell({ lastHeard: NOW + 2, battery: 0, fields: { b: { y: null }, c: null } })
    await tell({ connectedAt: NOW })
    assert.deepEqual(await store.states.read('pump', 'P-1'), {
      lastHeard: NOW + 2,
      connected: true,
      since: NOW,
      status: 'online',
      battery: 0,
      firmware: '2',
      fields: { a: 1, b: { y: null }, c: null },
    })
  },

  'what was said before the last word does not take its place': async (store) => {
    await fill(store, 'P-1')
    const late = {
      lastHeard: NOW,
      freshUntil: NOW + 9,
      status: 'b',
      battery: 2,
      firmware: '2',
      fields: { a: 2 },
    }
    await store.states.write([{ ...ref('P-1'), ...late }], NOW)
    const early = {
      lastHeard: NOW - 1,
      freshUntil: NOW + 8,
      status: 'a',
      battery: 1,
      firmware: '1',
      fields: { a: 1, b: 1 },
    }
    await store.states.write([{ ...ref('P-1'), ...early }], NOW)
    assert.deepEqual(await store.states.read('pump', 'P-1'), late)
  },

  'events of connections may come in any order, and again': async (store) => {
    const events: readonly Omit<StateReport, 'type' | 'id'>[] = [
      { connectedAt: NOW },
      { disconnectedAt: NOW + 50, endOf: NOW },
      { connectedAt: NOW + 40 },
      { disconnectedAt: NOW + 90, endOf: NOW + 40 },
      { connectedAt: NOW + 70 },
    ]
    // Each order of a part of them, against what follows from the sentence of the contract.
    let turn = 0
    for (let mask = 1; mask < 2 ** events.length; mask++) {
      const part = events.filter((_, i) => mask & (1 << i))
      const began = Math.max(...part.map((event) => event.connectedAt ?? -1))
      const over = Math.max(...part.map((event) => event.endOf ?? -1))
      const ended = Math.max(...part.map((event) => event.disconnectedAt ?? -1))
      const expected =
        began > over ? { connected: true, since: began } : { connected: false, since: ended }
      for (const order of [part, part.toReversed(), [...part, ...part]]) {
        const id = `P-${turn++}`
        await fill(store, id)
        for (const event of order) await store.states.write([{ ...ref(id), ...event }], NOW)
        const { connected, since } = (await store.states.read('pump', id))!
        assert.deepEqual({ connected, since }, expected, JSON.stringify(order))
      }
    }
  },

  'a time that lies far ahead by now does not count for ever': async (store) => {
    await fill(store, 'P-1')
    const hour = 60 * MINUTE
    await store.states.write(
      [{ ...ref('P-1'), lastHeard: NOW + hour, disconnectedAt: NOW + hour, endOf: NOW + hour }],
      NOW + hour,
    )
    const later = NOW + 2 * MINUTE
    await store.states.write(
      [{ ...ref('P-1'), lastHeard: later, connectedAt: later, status: 'x' }],
      NOW,
    )
    assert.deepEqual(await store.states.read('pump', 'P-1'), {
      lastHeard: later,
      connected: true,
      since: later,
      status: 'x',
    })
  },

  'what is told of nobody on record is left out': async (store) => {
    await fill(store, 'P-1')
    const turns = await store.states.write(
      [
        { ...ref('P-2'), lastHeard: NOW, freshUntil: NOW + 1, connectedAt: NOW },
        { type: 'valve', id: 'P-1', connectedAt: NOW },
      ],
      NOW,
    )
    assert.deepEqual(turns, [])
    await fill(store, 'P-2')
    assert.equal(await store.states.read('pump', 'P-2'), undefined)
  },

  'a state goes with its record': async (store) => {
    await fill(store, 'P-1')
    await store.states.write([{ ...ref('P-1'), lastHeard: NOW, status: 'online' }], NOW)
    await store.update(record('pump', 'P-1', { revision: 2, revoked: true }))
    assert.equal((await store.states.read('pump', 'P-1'))?.status, 'online')
    await store.delete('pump', 'P-1', 2)
    assert.equal(await store.states.read('pump', 'P-1'), undefined)
    await fill(store, 'P-1')
    assert.equal(await store.states.read('pump', 'P-1'), undefined)
    assert.deepEqual((await store.list()).records, [record('pump', 'P-1')])
  },

  'of logins the last one is known, and nothing else is changed by them': async (store) => {
    await fill(store, 'P-1', 'P-2')
    const login = (id: string, at: number, credentialId: string) => ({
      ...ref(id),
      at,
      credentialId,
    })
    const read = (id: string) => store.states.read('pump', id)
    await store.states.writeLogins([login('P-1', NOW, "c-1é😀'"), login('P-9', NOW, 'c')], NOW)
    assert.deepEqual(await read('P-1'), { lastLogin: { at: NOW, credentialId: "c-1é😀'" } })
    assert.equal(await read('P-9'), undefined)
    assert.equal(await read('P-2'), undefined)
    const heard = { lastHeard: NOW, freshUntil: NOW + MINUTE, connectedAt: NOW, status: 'x' }
    await store.states.write(
      [
        { ...ref('P-1'), ...heard },
        { ...ref('P-2'), ...heard },
      ],
      NOW,
    )
    await store.states.writeLogins(
      [login('P-1', NOW + 2, 'c-2'), login('P-2', NOW + 1, 'c-3')],
      // Long after it was fresh: a login is no sign of life, and finds nobody silent.
      NOW + 9 * MINUTE,
    )
    // In another order than they were: the later one counts, of two at once the one told last.
    await store.states.writeLogins([login('P-1', NOW + 1, 'c-1')], NOW)
    await store.states.writeLogins([login('P-2', NOW + 1, 'c-4')], NOW)
    const { connectedAt: since, ...rest } = heard
    const state = { ...rest, connected: true, since }
    const known = [
      { ...state, lastLogin: { at: NOW + 2, credentialId: 'c-2' } },
      { ...state, lastLogin: { at: NOW + 1, credentialId: 'c-4' } },
    ]
    assert.deepEqual([await read('P-1'), await read('P-2')], known)
    const { records } = await store.list()
    const listed = [...records].sort((a, b) => (a.id < b.id ? -1 : 1))
    assert.deepEqual(
      listed.map((one) => one.state),
      known,
    )
    assert.equal((await store.states.sweep(NOW + 2 * MINUTE)).length, 2)
    await store.delete('pump', 'P-1', 1)
    await fill(store, 'P-1')
    assert.equal(await read('P-1'), undefined)
  },

  'a login that lies far ahead by now does not count for ever': async (store) => {
    await fill(store, 'P-1')
    const hour = 60 * MINUTE
    const login = (at: number, credentialId: string) => ({ ...ref('P-1'), at, credentialId })
    await store.states.writeLogins([login(NOW + hour, 'c-1')], NOW + hour)
    await store.states.writeLogins([login(NOW, 'c-2')], NOW)
    assert.equal((await store.states.read('pump', 'P-1'))?.lastLogin?.credentialId, 'c-1')
    await store.states.writeLogins([login(NOW + 2 * MINUTE, 'c-2')], NOW)
    assert.equal((await store.states.read('pump', 'P-1'))?.lastLogin?.credentialId, 'c-2')
  },

  'each turn of presence is told once': async (store) => {
    await fill(store, 'P-1')
    const write = (report: Omit<StateReport, 'type' | 'id'>, now: number) =>
      store.states.write([{ ...ref('P-1'), ...report }], now)
    const turn = (
      before: PresenceTurn['before'],
      after: PresenceTurn['after'],
      rest: Partial<PresenceTurn> = {},
    ) => [{ ...ref('P-1'), before, after, ...rest }]
    const heard = (at: number) => ({ lastHeard: at, freshUntil: at + MINUTE })
    const rows: readonly (readonly [() => Promise<readonly PresenceTurn[]>, unknown])[] = [
      [() => write({ status: 'x' }, NOW), []],
      [() => write(heard(NOW), NOW), turn({ fresh: false }, { fresh: true }, { lastHeard: NOW })],
      [() => write(heard(NOW + 1), NOW + 1), []],
      [
        () => write({ connectedAt: NOW }, NOW + 1),
        turn({ fresh: true }, { connected: true, fresh: true }, { lastHeard: NOW + 1, since: NOW }),
      ],
      [() => write({ connectedAt: NOW + 2 }, NOW + 2), []],
      [() => write({ disconnectedAt: NOW + 3, endOf: NOW }, NOW + 3), []],
      [() => store.states.sweep(NOW + MINUTE), []],
      [
        () => store.states.sweep(NOW + 1 + MINUTE),
        turn(
          { connected: true, fresh: true },
          { connected: true, fresh: false },
          { lastHeard: NOW + 1, since: NOW + 2 },
        ),
      ],
      [() => store.states.sweep(NOW + 2 * MINUTE), []],
      [
        () => write({ disconnectedAt: NOW + 4, endOf: NOW + 2 }, NOW + 2 * MINUTE),
        turn(
          { connected: true, fresh: false },
          { connected: false, fresh: false },
          { lastHeard: NOW + 1, since: NOW + 4 },
        ),
      ],
      // What was written too late to be fresh makes nobody fresh.
      [() => write(heard(NOW + 2), NOW + 2 * MINUTE), []],
      [
        () => write({ ...heard(NOW + 3 * MINUTE), connectedAt: NOW + 9 }, NOW + 3 * MINUTE),
        turn(
          { connected: false, fresh: false },
          { connected: true, fresh: true },
          { lastHeard: NOW + 3 * MINUTE, since: NOW + 9 },
        ),
      ],
    ]
    for (const [i, [act, expected]] of rows.entries()) {
      assert.deepEqual(await act(), expected, `row ${i}`)
    }
  },

  'of many who sweep or write at once, one is told of each': async (store) => {
    const ids = Array.from({ length: 50 }, (_, i) => `P-${i}`)
    await fill(store, ...ids)
    const reports = ids.map((id) => ({ ...ref(id), lastHeard: NOW, freshUntil: NOW + 1 }))
    const back = await Promise.all([1, 2, 3, 4].map(() => store.states.write(reports, NOW)))
    assert.deepEqual(
      back
        .flat()
        .map(({ id }) => id)
        .sort(),
      [...ids].sort(),
    )
    const lost = await Promise.all([1, 2, 3, 4].map(() => store.states.sweep(NOW + 1)))
    assert.deepEqual(
      lost
        .flat()
        .map(({ id }) => id)
        .sort(),
      [...ids].sort(),
    )
  },

  'a sweep of very many goes on where it was': async (store) => {
    const ids = Array.from({ length: 1_001 }, (_, i) => `P-${i}`)
    const records = ids.map((id) => record('pump', id, { rules: [], credentials: [] }))
    for (const one of records) await store.insert(one)
    const reports = ids.map((id) => ({ ...ref(id), lastHeard: NOW, freshUntil: NOW + 1 }))
    await store.states.write(reports.slice(0, 1_000), NOW)
    await store.states.write(reports.slice(1_000), NOW)
    const sweeps = [await store.states.sweep(NOW + 1), await store.states.sweep(NOW + 1)]
    assert.deepEqual(
      sweeps.map((turns) => turns.length),
      [1_000, 1],
    )
    assert.equal(new Set(sweeps.flat().map(({ id }) => id)).size, 1_001)
    assert.deepEqual(await store.states.sweep(NOW + 1), [])
  },

  'a listing is narrowed by what was told': async (store) => {
    const now = Date.now()
    const told: Readonly<Record<string, Omit<StateReport, 'type' | 'id'> | undefined>> = {
      silent: undefined,
      well: {
        lastHeard: now,
        freshUntil: now + 10 * MINUTE,
        connectedAt: now,
        status: 'online',
        battery: 90,
        firmware: '2',
      },
      low: {
        lastHeard: now - 1,
        freshUntil: now + 10 * MINUTE,
        status: 'online',
        battery: 19.5,
        firmware: '1',
      },
      edge: { lastHeard: now, freshUntil: now + 10 * MINUTE, battery: 20, firmware: '' },
      gone: {
        lastHeard: now - 10 * MINUTE,
        freshUntil: now - 5 * MINUTE,
        disconnectedAt: now,
        endOf: now - 1,
        status: 'Online',
      },
    }
    for (const [id, report] of Object.entries(told)) {
      await fill(store, id)
      if (report) await store.states.write([{ ...ref(id), ...report }], now)
    }
    const rows: readonly (readonly [DeviceFilter, readonly string[]])[] = [
      [{ connected: true }, ['well']],
      [{ connected: false }, ['gone']],
      [{ fresh: true }, ['edge', 'low', 'well']],
      [{ fresh: false }, ['gone', 'silent']],
      [{ heardBefore: now }, ['gone', 'low', 'silent']],
      [{ heardBefore: 0 }, ['silent']],
      [{ status: 'online' }, ['low', 'well']],
      [{ status: 'on%' }, []],
      [{ batteryBelow: 20 }, ['low']],
      [{ batteryBelow: 20.5 }, ['edge', 'low']],
      [{ batteryBelow: 0 }, []],
      [{ firmware: '2' }, ['well']],
      [{ firmware: '' }, ['edge']],
      [{ firmwareOtherThan: '2' }, ['edge', 'low']],
      [{ fresh: true, batteryBelow: 50, firmwareOtherThan: '' }, ['low']],
      [{ fresh: false, connected: false, idPrefix: 'g' }, ['gone']],
      [{ fresh: false, connected: true }, []],
    ]
    for (const [filter, expected] of rows) {
      const keys = Object.keys(filter) as (keyof DeviceFilter)[]
      assert.ok(
        keys.every((key) => store.filters.includes(key)),
        JSON.stringify(filter),
      )
      const found: string[] = []
      for (let cursor: string | undefined; ; ) {
        const page = await store.list({
          ...filter,
          limit: 2,
          ...(cursor !== undefined && { cursor }),
        })
        found.push(...page.records.map(({ id }) => id))
        cursor = page.cursor
        if (cursor === undefined) break
      }
      assert.deepEqual(found.sort(), expected, JSON.stringify(filter))
    }
  },

  'a listed device may be written as it is': async (store) => {
    await fill(store, 'P-1')
    await store.states.write([{ ...ref('P-1'), lastHeard: NOW }], NOW)
    const [listed] = (await store.list()).records
    await store.update({ ...listed!, revision: 2, revoked: true })
    const expected = record('pump', 'P-1', { revision: 2, revoked: true })
    assert.deepEqual(await store.get('pump', 'P-1'), expected)
  },
}
