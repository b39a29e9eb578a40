/**
 * Which devices a tracker knows: all of them, or those that are connected, silent or of one type.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  type DevicePresence,
  defineDeviceType,
  type PresenceQuery,
  type PresenceTracker,
  presenceTracker,
} from '../../src/index.ts'
import { pump, weatherStation } from './fixture.ts'

const T = 1_700_000_000_000
const station = (id: string) => ({ type: 'weatherstation', id })
const ref = (clientId: string) => ({ broker: 'default', clientId, connectedAt: T - 1_000 })

/** One that is connected, one that was, one that was only heard, and a pump that does both. */
function tracker(): PresenceTracker {
  const presence = presenceTracker({ types: [weatherStation, pump] })
  presence.heard(station('HEARD'), T, T)
  presence.connected({ ...ref('a'), device: station('THERE') }, T)
  presence.connected({ ...ref('b'), device: station('GONE') }, T)
  presence.disconnected({ ...ref('b'), disconnectedAt: T - 10 }, T)
  presence.connected({ ...ref('c'), device: { type: 'pump', id: 'P-1' } }, T)
  presence.heard({ type: 'pump', id: 'P-1' }, T, T)
  return presence
}

function idsOf(devices: readonly DevicePresence[]): readonly string[] {
  return devices.map(({ id }) => id)
}

describe('the devices that are remembered', () => {
  const rows: [string, PresenceQuery | undefined, string[]][] = [
    ['all', undefined, ['P-1', 'GONE', 'THERE', 'HEARD']],
    ['all, by an empty query', {}, ['P-1', 'GONE', 'THERE', 'HEARD']],
    ['connected', { connected: true }, ['P-1', 'THERE']],
    ['disconnected', { connected: false }, ['GONE']],
    ['of which no broker told', { connected: 'unknown' }, ['HEARD']],
    ['fresh', { fresh: true }, ['P-1', 'HEARD']],
    ['silent', { fresh: false }, ['GONE', 'THERE']],
    ['connected and silent', { connected: true, fresh: false }, ['THERE']],
    ['of one type', { type: pump }, ['P-1']],
    ['of one type, connected', { type: weatherStation, connected: true }, ['THERE']],
    ['of one type, none that is disconnected', { type: pump, connected: false }, []],
    ['disconnected and fresh: none', { connected: false, fresh: true }, []],
  ]
  for (const [title, query, ids] of rows) {
    test(title, () => assert.deepEqual(idsOf(tracker().list(query, T)), ids))
  }

  test('each with all that is known of it, as plain data', () => {
    const { connected, since, fresh, lastHeard } = tracker().of(pump, 'P-1', T)
    const [first] = tracker().list({ type: pump }, T)
    const known = { type: 'pump', id: 'P-1', connected, since, fresh, lastHeard }
    assert.deepEqual(first, known)
    assert.equal(since, T - 1_000)
    assert.deepEqual(JSON.parse(JSON.stringify(first)), known)
  })

  test('the one heard or told of last comes first', () => {
    const presence = tracker()
    presence.heard(station('HEARD'), T, T)
    assert.deepEqual(idsOf(presence.list({}, T)), ['HEARD', 'P-1', 'GONE', 'THERE'])
    presence.disconnected(ref('a'), T)
    assert.deepEqual(idsOf(presence.list({}, T)), ['THERE', 'HEARD', 'P-1', 'GONE'])
  })

  test('what time alone changes counts without a sweep', () => {
    const later = T + weatherStation.heartbeat * 2_500 + 1
    assert.deepEqual(idsOf(tracker().list({ type: weatherStation, fresh: true }, later)), [])
  })

  test('no more than are remembered', () => {
    const presence = presenceTracker({ types: [weatherStation], maxDevices: 2 })
    for (const id of ['A', 'B', 'C']) presence.heard(station(id), T, T)
    assert.deepEqual(idsOf(presence.list({}, T)), ['C', 'B'])
  })

  test('of nothing that was asked for', () => {
    const presence = tracker()
    presence.of(weatherStation, 'ASKED', T)
    assert.equal(presence.list({}, T).length, 4)
  })

  test('a list is not changed by what comes after it', () => {
    const presence = tracker()
    const before = presence.list({ connected: true }, T)
    presence.disconnected(ref('a'), T)
    assert.deepEqual(idsOf(before), ['P-1', 'THERE'])
  })
})

describe('a query that cannot be answered is refused', () => {
  const foreign = defineDeviceType('pump', { data: v.object({}) })
  const rows: [string, unknown, string][] = [
    ['a type of another fleet', { type: foreign }, 'types'],
    ['an unknown key', { online: true }, 'query.online'],
    ['connected as a text', { connected: 'true' }, 'query.connected'],
    ['fresh as "unknown"', { fresh: 'unknown' }, 'query.fresh'],
    ['a device type alone', pump, 'query.name'],
    ['no object', 'pump', 'query'],
  ]
  for (const [title, query, key] of rows) {
    test(title, () => {
      assert.throws(() => tracker().list(query as PresenceQuery), { name: 'ConfigError', key })
    })
  }
})
