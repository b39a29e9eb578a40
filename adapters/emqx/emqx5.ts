/**
 * Ending clients at EMQX 5 and 6.
 *
 * @module
 */
import { refusal } from '../../src/base/management-api.ts'
import { type Kick, kickBy } from '../../src/fleet/kick.ts'
import { clientsOf } from './clients.ts'
import { type EmqxApiOptions, emqxApi, pathSegment } from './options.ts'

const ADVICE = 'check the key, its secret, and that its role is administrator'

/**
 * Makes a kick for one EMQX 5 or 6, or one cluster. It calls nothing before it is used.
 *
 * It looks for the clients of the user name (`GET /api/v5/clients?username=…`), ends each
 * (`DELETE /api/v5/clients/{clientid}`: the client gets DISCONNECT with reason code 0x98, and its
 * kept session is gone), and looks again, until EMQX lists none. A client that is gone meanwhile is no
 * failure.
 *
 * A kick rejects with a `BrokerError`: `ERR_BROKER_LOGIN_REFUSED` if EMQX refuses the key,
 * `ERR_BROKER_UNREACHABLE` if it cannot be reached, `ERR_BROKER_TIMEOUT` if a call takes more than 5
 * seconds or all of them more than 30, and `ERR_BROKER_REFUSED` if it answers anything else, or clients
 * are left.
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
export function emqxKick(options: EmqxApiOptions): Kick {
  const call = emqxApi(options, '/api/v5', ADVICE)
  const query = (page: number, limit: number) => {
    return { page: `${page}`, limit: `${limit}`, fields: 'clientid,username,connected_at' }
  }

  async function end(id: string): Promise<void> {
    const segment = pathSegment(id)
    // A client must not be able to choose an id that no path can hold.
    const answer =
      segment === undefined
        ? await call('POST', '/clients/kickout/bulk', [id])
        : await call('DELETE', `/clients/${segment}`)
    // 404: it has gone meanwhile.
    if (answer.status === 204 || answer.status === 404) return
    const what = segment === undefined ? 'POST /clients/kickout/bulk' : 'DELETE /clients/{clientid}'
    throw refusal('ERR_BROKER_REFUSED', `EMQX, ${what}`, answer)
  }

  return kickBy({ product: 'EMQX', things: 'clients', list: clientsOf(call, query, end) })
}
