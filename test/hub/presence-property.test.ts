/**
 * Presence against an oracle: clients come and go as on a real broker, and their events arrive in
 * any order, some of them twice.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type ConnectedEvent,
  type DisconnectedEvent,
  type PresenceTracker,
  presenceTracker,
} from '../../src/index.ts'
import { TAKEOVER_HOLD_MS } from '../../src/presence/client.ts'
import { weatherStation } from './fixture.ts'

const RUNS = 2_000
/** When everything has arrived. */
const T = 1_700_000_000_000
const DEVICE = { type: 'weatherstation', id: 'STATION-001' }

interface Session {
  readonly ref: { broker: string; clientId: string; connection: string; connectedAt: number }
  /** `undefined` while it stands. */
  end: { disconnectedAt: number; takenOver: boolean } | undefined
}

type Told =
  | { readonly kind: 'connected'; readonly event: ConnectedEvent }
  | { readonly kind: 'disconnected'; readonly event: DisconnectedEvent }

/** What a client does: it connects, or what it has open closes; and how long after the last thing. */
interface Deed {
  readonly broker: string
  readonly clientId: string
  readonly kind: 'connect' | 'close'
  /** Milliseconds; with 0 two connections of one client id begin in one millisecond. */
  readonly after: number
}

const deeds: fc.Arbitrary<Deed[]> = fc.array(
  fc.record({
    broker: fc.constantFrom('a', 'b'),
    clientId: fc.constantFrom('c-1', 'c-2'),
    kind: fc.constantFrom('connect', 'connect', 'close'),
    after: fc.constantFrom(0, 0, 1, 1_000),
  }),
  { maxLength: 14 },
)

/** What really happened: the oracle. A broker has one connection for a client id, the latest. */
function live(deeds: readonly Deed[]): Session[] {
  const sessions: Session[] = []
  let now = T - 1_000_000
  for (const [port, { broker, clientId, kind, after }] of deeds.entries()) {
    now += after
    const open = sessions.find(
      ({ ref, end }) => !end && ref.broker === broker && ref.clientId === clientId,
    )
    if (open) open.end = { disconnectedAt: now, takenOver: kind === 'connect' }
    if (kind === 'close') continue
    const connection = `10.0.0.9:${port}`
    sessions.push({ ref: { broker, clientId, connection, connectedAt: now }, end: undefined })
  }
  return sessions
}

function eventsOf({ ref, end }: Session): Told[] {
  const connected: Told = { kind: 'connected', event: { ...ref, device: DEVICE } }
  if (!end) return [connected]
  return [connected, { kind: 'disconnected', event: { ...ref, ...end, device: DEVICE } }]
}

function tell(presence: PresenceTracker, { kind, event }: Told): void {
  if (kind === 'connected') presence.connected(event, T)
  else presence.disconnected(event, T)
}

/** Sessions as they really were, and their events as they arrive: in any order, some twice. */
const arrivals: fc.Arbitrary<{ sessions: Session[]; told: Told[] }> = deeds.chain((list) => {
  const sessions = live(list)
  const events = sessions.flatMap(eventsOf)
  return fc
    .tuple(
      fc.shuffledSubarray(events, { minLength: events.length }),
      fc.subarray(events),
      fc.array(fc.nat(), { minLength: events.length, maxLength: events.length }),
    )
    .map(([told, twice, places]) => {
      const all = [...told]
      for (const [i, event] of twice.entries()) all.splice(places[i]! % (all.length + 1), 0, event)
      return { sessions, told: all }
    })
})

function isConnected(sessions: readonly Session[]): boolean | 'unknown' {
  if (sessions.length === 0) return 'unknown'
  return sessions.some(({ end }) => !end)
}

test('connected if a session that connected has not ended, whatever the order of the events', () => {
  fc.assert(
    fc.property(arrivals, ({ sessions, told }) => {
      const presence = presenceTracker({ types: [weatherStation] })
      for (const event of told) tell(presence, event)
      const { connected, since } = presence.of(weatherStation, DEVICE.id, T + TAKEOVER_HOLD_MS)
      assert.equal(connected, isConnected(sessions))
      const begins = sessions.filter(({ end }) => !end).map(({ ref }) => ref.connectedAt)
      if (begins.length > 0) assert.equal(since, Math.min(...begins))
    }),
    { numRuns: RUNS },
  )
})

test('a device with a live session is never shown as disconnected once that session is told of', () => {
  fc.assert(
    fc.property(arrivals, ({ sessions, told }) => {
      const alive = sessions.filter(({ end }) => !end).map(({ ref }) => ref.connection)
      const presence = presenceTracker({ types: [weatherStation] })
      let isTold = false
      for (const event of told) {
        tell(presence, event)
        isTold ||= alive.includes(event.event.connection ?? '')
        if (isTold) assert.equal(presence.of(weatherStation, DEVICE.id, T).connected, true)
      }
    }),
    { numRuns: RUNS },
  )
})

test('every event again, in another order, changes nothing', () => {
  fc.assert(
    fc.property(arrivals, ({ told }) => {
      const presence = presenceTracker({ types: [weatherStation] })
      for (const event of told) tell(presence, event)
      const before = presence.of(weatherStation, DEVICE.id, T)
      const changes: unknown[] = []
      presence.onChange((change) => void changes.push(change))
      for (const event of told.toReversed()) tell(presence, event)
      assert.deepEqual(presence.of(weatherStation, DEVICE.id, T), before)
      assert.deepEqual(changes, [])
    }),
    { numRuns: RUNS },
  )
})

test('without times of the end: the same, as long as nothing falls into one millisecond', () => {
  const apart = deeds.map((list) => list.map((deed) => ({ ...deed, after: deed.after + 1 })))
  const shuffled = apart.chain((list) => {
    const sessions = live(list)
    const events = sessions.flatMap(eventsOf)
    return fc
      .shuffledSubarray(events, { minLength: events.length })
      .map((told) => ({ sessions, told }))
  })
  fc.assert(
    fc.property(shuffled, ({ sessions, told }) => {
      const presence = presenceTracker({ types: [weatherStation] })
      for (const { kind, event } of told) {
        const { connection: _, ...rest } = event
        if (kind === 'connected') tell(presence, { kind, event: rest })
        else tell(presence, { kind, event: { ...rest, connectedAt: undefined } })
      }
      const { connected } = presence.of(weatherStation, DEVICE.id, T + TAKEOVER_HOLD_MS)
      assert.equal(connected, isConnected(sessions))
    }),
    { numRuns: RUNS },
  )
})
