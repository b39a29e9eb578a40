/**
 * Ends the sessions of a user name, such as a revoked device's, at VerneMQ over its HTTP API. It needs
 * `fetch` and nothing else, so it runs on Node, Bun, Deno and edge workers.
 *
 * @module
 */
import { BrokerError, ConfigError } from '../../src/base/errors.ts'
import {
  basicAuthorization,
  bytePattern,
  type ManagementAnswer,
  managementApi,
  refusal,
} from '../../src/base/management-api.ts'
import { checkOptions } from '../../src/base/options.ts'
import { type Kick, kickBy, type ListedSession } from '../../src/fleet/kick.ts'

/** Where VerneMQ's HTTP API is, and who calls it. */
export interface VernemqApiOptions {
  /** Its HTTP listener, such as `https://vernemq.internal:8888`, without `/api/v1`. */
  readonly url: string
  /** An API key of the scope `mgmt`, as `vmq-admin api-key create scope=mgmt` prints it. */
  readonly key: string
}

/** Most sessions that are listed at a time. */
const MAX_LISTED = 10_000
/** Milliseconds VerneMQ may take for one session of its list. It leaves out those that take longer. */
const ROW_LIMIT_MS = 1_000
/** What the text of a query holds as it is: it is put between quotes, and reads each byte as a character. */
const SAYABLE = /^[^"\\\u0100-\u{10ffff}]*$/u

/**
 * Makes a kick for one VerneMQ, or one cluster. It calls nothing before it is used.
 *
 * It looks for the sessions that the routes bound to the user name (`session show`, by the client ids
 * that begin with it), ends each with what waits in it (`session disconnect … --cleanup`: the client
 * gets DISCONNECT with reason code 0x98), and looks again, until VerneMQ lists none.
 *
 * A kick rejects with a `BrokerError`: `ERR_BROKER_LOGIN_REFUSED` if VerneMQ refuses the key,
 * `ERR_BROKER_UNREACHABLE` if it cannot be reached, `ERR_BROKER_TIMEOUT` if a call takes more than 5
 * seconds or all of them more than 30, and `ERR_BROKER_REFUSED` if it answers anything else, sessions
 * are left, or a client id holds `"`, `\` or a character beyond U+00FF, which its commands cannot
 * say: all others are ended then.
 *
 * Source: `vmq_http_mgmt_api.erl`, `vmq_info_cli.erl` and `vmq_ql_parser.peg` of August 2026. What the
 * parser makes of such texts was run, the API was not.
 *
 * @throws {ConfigError} If an option is not valid.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { vernemqKick } from 'devicehub/vernemq'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * fleet.onChange('vernemq', vernemqKick({ url: 'https://vernemq.internal:8888', key: 'its-api-key' }))
 * ```
 */
export function vernemqKick(options: VernemqApiOptions): Kick {
  checkOptions(options, { url: true, key: true })
  const { url, key } = options
  if (!key || key.includes(':')) throw new ConfigError('key', 'must be an API key, without ":"')
  const call = managementApi({
    product: 'VerneMQ',
    url,
    path: '/api/v1',
    authorization: basicAuthorization(key, ''),
    advice: 'check the API key, and that its scope is mgmt',
  })

  async function list(username: string) {
    // The user name itself, or what stands before `//`.
    const pattern = encodeURIComponent(`~^${bytePattern(username)}(//|$)`)
    const fields = `--client_id&--mountpoint&--client_id=${pattern}`
    const limits = `--limit=${MAX_LISTED}&--rowtimeout=${ROW_LIMIT_MS}`
    const answer = await call('GET', `/session/show?${fields}&${limits}`)
    const { table } = partOf(answer) as { table?: unknown }
    if (answer.status !== 200 || !Array.isArray(table)) {
      throw refusal('ERR_BROKER_REFUSED', 'VerneMQ, session show', answer)
    }
    const sessions = table.flatMap((row): ListedSession[] => {
      const { client_id, mountpoint } = (row ?? {}) as Record<string, unknown>
      if (typeof client_id !== 'string') return []
      const place = typeof mountpoint === 'string' ? mountpoint : ''
      const key = JSON.stringify([client_id, place])
      return [{ key, end: () => end(client_id, place), endsAtOnce: true }]
    })
    const isFull = table.length >= MAX_LISTED
    return { sessions, more: isFull ? `lists more than ${MAX_LISTED} sessions` : undefined }
  }

  async function end(clientId: string, mountpoint: string): Promise<void> {
    if (!SAYABLE.test(clientId + mountpoint)) {
      const problem = `no command can name a client id with '"', "\\" or a character beyond U+00FF`
      throw new BrokerError('ERR_BROKER_REFUSED', `VerneMQ: ${problem}`)
    }
    const place = mountpoint === '' ? '' : `&--mountpoint=${byBytes(mountpoint)}`
    const path = `/session/disconnect?client-id=${byBytes(clientId)}&--cleanup${place}`
    const answer = await call('GET', path)
    const { text } = partOf(answer) as { text?: unknown }
    if (answer.status === 200 && text === 'Done') return
    throw refusal('ERR_BROKER_REFUSED', 'VerneMQ, session disconnect', answer)
  }

  return kickBy({ product: 'VerneMQ', things: 'sessions', list })
}

/** What a command answered. Its writer of JSON has an object, that of others a list of one. */
function partOf({ body }: ManagementAnswer): object {
  const part: unknown = Array.isArray(body) ? body[0] : body
  return typeof part === 'object' && part !== null ? part : {}
}

/** A text with each character as one byte, in a query. */
function byBytes(text: string): string {
  return [...text]
    .map((character) => `%${character.codePointAt(0)!.toString(16).padStart(2, '0')}`)
    .join('')
}
