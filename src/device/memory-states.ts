/**
 * {@link DeviceStates} in memory: the reference for the contract.
 *
 * @module
 */
import type { DeviceRef } from './reference.ts'
import {
  type DeviceState,
  type DeviceStates,
  type JsonValue,
  MAX_STATE_AHEAD_MS,
  MAX_TURNS,
  type PresenceTurn,
  type StateReport,
} from './states.ts'

/** A state as it is kept. */
interface Kept {
  readonly lastHeard: number | undefined
  readonly freshUntil: number | undefined
  /** When the latest connection began, when the latest of those that are over had begun, and its end. */
  readonly beganAt: number | undefined
  readonly endOf: number | undefined
  readonly endedAt: number | undefined
  readonly status: string | undefined
  readonly battery: number | undefined
  readonly firmware: string | undefined
  readonly fields: Readonly<Record<string, JsonValue>> | undefined
  readonly lastLogin: DeviceState['lastLogin']
  /** Whether it is fresh as far as was told. */
  readonly toldFresh: boolean
}

const NOTHING: Kept = {
  lastHeard: undefined,
  freshUntil: undefined,
  beganAt: undefined,
  endOf: undefined,
  endedAt: undefined,
  status: undefined,
  battery: undefined,
  firmware: undefined,
  fields: undefined,
  lastLogin: undefined,
  toldFresh: false,
}

/** The states of devices, and how to end one. */
export interface MemoryStates extends DeviceStates {
  /** Forgets what a device told. */
  forget(device: DeviceRef): void
  /** As {@link DeviceStates.read}, at once. */
  find(device: DeviceRef): DeviceState | undefined
}

/** @param isOnRecord Whether there is such a device. */
export function memoryStates(isOnRecord: (device: DeviceRef) => boolean): MemoryStates {
  const states = new Map<string, Kept>()

  function find(device: DeviceRef): DeviceState | undefined {
    const kept = states.get(keyOf(device))
    return kept && stateOf(kept)
  }

  return {
    find,
    forget: (device) => void states.delete(keyOf(device)),
    read: async (type, id) => find({ type, id }),

    async write(reports, now) {
      const turns: PresenceTurn[] = []
      for (const report of reports) {
        if (!isOnRecord(report)) continue
        const before = states.get(keyOf(report)) ?? NOTHING
        const after = withReport(before, report, now)
        states.set(keyOf(report), after)
        const turn = turnOf(report, before, after)
        if (turn) turns.push(turn)
      }
      return turns
    },

    async writeLogins(logins, now) {
      for (const { type, id, at, credentialId } of logins) {
        if (!isOnRecord({ type, id })) continue
        const key = keyOf({ type, id })
        const before = states.get(key) ?? NOTHING
        const known = Math.min(before.lastLogin?.at ?? at, now + MAX_STATE_AHEAD_MS)
        if (at >= known) states.set(key, { ...before, lastLogin: { at, credentialId } })
      }
    },

    async sweep(now) {
      const turns: PresenceTurn[] = []
      for (const [key, before] of states) {
        if (turns.length === MAX_TURNS) break
        if (!before.toldFresh || before.freshUntil! > now) continue
        const after = { ...before, toldFresh: false }
        states.set(key, after)
        const [type = '', id = ''] = key.split('/')
        const turn = turnOf({ type, id }, before, after)
        if (turn) turns.push(turn)
      }
      return turns
    },
  }
}

function withReport(before: Kept, report: StateReport, now: number): Kept {
  const { lastHeard, freshUntil, connectedAt, disconnectedAt, endOf } = report
  const limit = now + MAX_STATE_AHEAD_MS
  const later = (known: number | undefined, told: number | undefined) => {
    if (known === undefined) return told
    return Math.max(Math.min(known, limit), told ?? Number.NEGATIVE_INFINITY)
  }
  const fresh = later(before.freshUntil, freshUntil)
  // What was said before its last word is not its last word.
  const isNews = lastHeard === undefined || later(before.lastHeard, lastHeard) === lastHeard
  const { status, battery, firmware, fields } = isNews ? report : ({} as Partial<StateReport>)
  return {
    lastHeard: later(before.lastHeard, lastHeard),
    freshUntil: fresh,
    beganAt: later(before.beganAt, connectedAt),
    endOf: later(before.endOf, endOf),
    endedAt: later(before.endedAt, disconnectedAt),
    status: status ?? before.status,
    battery: battery ?? before.battery,
    firmware: firmware ?? before.firmware,
    fields: fields ? { ...before.fields, ...structuredClone(fields) } : before.fields,
    lastLogin: before.lastLogin,
    toldFresh: before.toldFresh || (fresh !== undefined && fresh > now),
  }
}

function stateOf(kept: Kept): DeviceState {
  const { lastHeard, freshUntil, status, battery, firmware, fields, lastLogin } = kept
  return {
    ...(lastHeard !== undefined && { lastHeard }),
    ...(freshUntil !== undefined && { freshUntil }),
    ...connectionOf(kept),
    ...(status !== undefined && { status }),
    ...(battery !== undefined && { battery }),
    ...(firmware !== undefined && { firmware }),
    ...(fields && { fields: structuredClone(fields) }),
    ...(lastLogin && { lastLogin: { ...lastLogin } }),
  }
}

function connectionOf({ beganAt, endOf, endedAt }: Kept): Pick<DeviceState, 'connected' | 'since'> {
  if (beganAt !== undefined && (endOf === undefined || beganAt > endOf)) {
    return { connected: true, since: beganAt }
  }
  return endedAt === undefined ? {} : { connected: false, since: endedAt }
}

function turnOf({ type, id }: DeviceRef, from: Kept, to: Kept): PresenceTurn | undefined {
  const presenceOf = (kept: Kept) => {
    const { connected } = connectionOf(kept)
    return { ...(connected !== undefined && { connected }), fresh: kept.toldFresh }
  }
  const [before, after] = [presenceOf(from), presenceOf(to)]
  if (before.connected === after.connected && before.fresh === after.fresh) return undefined
  const { lastHeard, since } = stateOf(to)
  return {
    type,
    id,
    before,
    after,
    ...(lastHeard !== undefined && { lastHeard }),
    ...(since !== undefined && { since }),
  }
}

function keyOf({ type, id }: DeviceRef): string {
  return `${type}/${id}`
}
