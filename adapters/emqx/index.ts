/**
 * Ends the sessions of a revoked device at EMQX 5 and 6, over its management API. It needs `fetch`
 * and nothing else, so it runs on Node, Bun, Deno and edge workers.
 *
 * @module
 */
import { monotonicNow } from '../../src/base/clock.ts'
import { BrokerError } from '../../src/base/errors.ts'
import type { DeviceChange } from '../../src/fleet/changes.ts'
import { type EmqxApiOptions, emqxApi, refusal } from './api.ts'

export type { EmqxApiOptions } from './api.ts'

/**
 * Ends every connection and every kept session of a user name. Settles when EMQX lists none any
 * more, at once if there was none. As a listener of `Fleet.onChange` it does so for each device that
 * is revoked, and nothing for any other change.
 * @throws {BrokerError} `ERR_BROKER_LOGIN_REFUSED` if EMQX refuses the key, `ERR_BROKER_UNREACHABLE`
 * if it cannot be reached, `ERR_BROKER_TIMEOUT` if a call takes more than 5 seconds or all of them
 * more than 30, and `ERR_BROKER_REFUSED` if it answers anything else, or clients are left.
 */
export type EmqxKick = (who: {
  readonly username: string
  /** What became of it, if it is a device that was changed. Default: it is to be kicked. */
  readonly kind?: DeviceChange['kind']
}) => Promise<void>

/** Clients asked for at a time. */
const PAGE = 100
/** Most pages that are read before what they list is ended. */
const MAX_PAGES = 100
/** Most calls under way at a time. */
const MAX_CALLS = 10
/** How often the clients are listed and ended before it is given up. */
const MAX_ROUNDS = 6
/** What EMQX is left to take a client off its list, doubled with each round. */
const PAUSE_MS = 50
const TOTAL_LIMIT_MS = 30_000
/** Longest client id that goes into a path, as it stands there. EMQX reads lines of 8,000 bytes. */
const MAX_PATH_ID = 2_000

/**
 * Makes a kick for one EMQX, or one cluster. It calls nothing before it is used.
 *
 * It looks for the clients of the user name (`GET /api/v5/clients?username=…`), ends each
 * (`DELETE /api/v5/clients/{clientid}`: the client gets DISCONNECT with reason code 0x98, and its
 * kept session is gone), and looks again. A client that is gone meanwhile is no failure.
 *
 * @throws {ConfigError} If an option is not valid.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { emqxKick } from 'devicehub/emqx'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const kick = emqxKick({ url: 'https://emqx.internal:18084', key: 'devicehub', secret: 'of-that-key' })
 * fleet.onChange('emqx', kick)
 * ```
 */
export function emqxKick(options: EmqxApiOptions): EmqxKick {
  const call = emqxApi(options)

  /** The client ids of a user name, and whether these are all. */
  async function list(username: string): Promise<{ ids: readonly string[]; isWhole: boolean }> {
    const ids = new Set<string>()
    for (let page = 1; page <= MAX_PAGES; page++) {
      const fields = { page: `${page}`, limit: `${PAGE}`, fields: 'clientid,username' }
      const search = new URLSearchParams({ username, ...fields })
      const answer = await call('GET', `/clients?${search}`)
      const { data } = (answer.body ?? {}) as { data?: unknown }
      if (answer.status !== 200 || !Array.isArray(data)) {
        throw refusal('ERR_BROKER_REFUSED', 'EMQX, GET /clients', answer)
      }
      for (const client of data) {
        const { clientid, username: owner } = (client ?? {}) as Record<string, unknown>
        // Where durable sessions are on, those without a connection are listed whoever has them.
        if (typeof clientid === 'string' && owner === username) ids.add(clientid)
      }
      // Its own "hasnext" may be false between the connected clients and the durable sessions.
      if (data.length < PAGE) return { ids: [...ids], isWhole: true }
    }
    return { ids: [...ids], isWhole: false }
  }

  async function end(id: string): Promise<void> {
    const segment = encodeURIComponent(id)
    const isSegment = id !== '' && id !== '.' && id !== '..' && segment.length <= MAX_PATH_ID
    // A client must not be able to choose an id that no path can hold.
    const answer = isSegment
      ? await call('DELETE', `/clients/${segment}`)
      : await call('POST', '/clients/kickout/bulk', [id])
    // 404: it has gone meanwhile.
    if (answer.status !== 204 && answer.status !== 404) {
      const what = isSegment ? 'DELETE /clients/{clientid}' : 'POST /clients/kickout/bulk'
      throw refusal('ERR_BROKER_REFUSED', `EMQX, ${what}`, answer)
    }
  }

  /** Ends clients, all that can be. Returns the last failure. */
  async function endAll(ids: readonly string[], until: number): Promise<unknown> {
    let failure: unknown
    for (let i = 0; i < ids.length; i += MAX_CALLS) {
      if (monotonicNow() > until) return failure
      const outcomes = await Promise.allSettled(ids.slice(i, i + MAX_CALLS).map(end))
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') failure = outcome.reason
      }
    }
    return failure
  }

  return async ({ username, kind = 'revoked' }) => {
    if (kind !== 'revoked') return
    const until = monotonicNow() + TOTAL_LIMIT_MS
    let failure: unknown
    for (let round = 0; ; round++) {
      const { ids, isWhole } = await list(username)
      if (ids.length === 0 && isWhole) return
      if (ids.length === 0) {
        const problem = `EMQX lists more than ${PAGE * MAX_PAGES} clients and sessions: those found are ended`
        throw new BrokerError('ERR_BROKER_REFUSED', problem)
      }
      if (monotonicNow() > until) {
        const problem = `EMQX: ${ids.length} clients are left after ${TOTAL_LIMIT_MS} ms`
        throw new BrokerError('ERR_BROKER_TIMEOUT', problem, { cause: failure })
      }
      if (round === MAX_ROUNDS) {
        const problem = `EMQX still lists ${ids.length} clients that were to be ended`
        throw failure ?? new BrokerError('ERR_BROKER_REFUSED', problem)
      }
      failure = await endAll(ids, until)
      // The key will not do better next time.
      if ((failure as BrokerError | undefined)?.code === 'ERR_BROKER_LOGIN_REFUSED') throw failure
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** round))
    }
  }
}
