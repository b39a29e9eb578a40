/**
 * Ending clients at EMQX 4.
 *
 * @module
 */
import { BrokerError } from '../../src/base/errors.ts'
import { refusal } from '../../src/base/management-api.ts'
import { type Kick, kickBy } from '../../src/fleet/kick.ts'
import { clientsOf } from './clients.ts'
import { type EmqxApiOptions, emqxApi, pathSegment } from './options.ts'

const ADVICE = 'check the id of the application and its secret'
/** How it says that a client is not there (`emqx_mgmt.hrl`). The status is 200 all the same. */
const NOT_ONLINE = 112

/**
 * Makes a kick for one EMQX 4, or one cluster. It calls nothing before it is used.
 *
 * It looks for the clients of the user name (`GET /api/v4/clients?username=…`), ends each
 * (`DELETE /api/v4/clients/{clientid}`: its connection and its kept session), and looks again, until
 * EMQX lists none. Rejects as a kick of `emqxKick` does, and with `ERR_BROKER_REFUSED` for a client id
 * that no path can hold, once all others are ended: this API takes it nowhere else.
 *
 * @throws {ConfigError} If an option is not valid.
 */
export function emqx4Kick(options: EmqxApiOptions): Kick {
  const call = emqxApi(options, '/api/v4', ADVICE)
  const query = (page: number, limit: number) => ({ _page: `${page}`, _limit: `${limit}` })

  async function end(id: string): Promise<void> {
    const segment = pathSegment(id)
    if (segment === undefined) {
      const problem =
        'EMQX: no path holds one of the client ids: end it with "emqx_ctl clients kick"'
      throw new BrokerError('ERR_BROKER_REFUSED', problem)
    }
    const answer = await call('DELETE', `/clients/${segment}`)
    const { code } = (answer.body ?? {}) as { code?: unknown }
    if (answer.status === 200 && (code === 0 || code === NOT_ONLINE)) return
    throw refusal('ERR_BROKER_REFUSED', 'EMQX, DELETE /clients/{clientid}', answer)
  }

  return kickBy({ product: 'EMQX', things: 'clients', list: clientsOf(call, query, end) })
}
