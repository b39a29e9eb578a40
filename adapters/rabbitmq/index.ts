/**
 * Ends the sessions of a user name, such as a revoked device's, at RabbitMQ over its management API. It
 * needs `fetch` and nothing else, so it runs on Node, Bun, Deno and edge workers.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import {
  basicAuthorization,
  bytePattern,
  managementApi,
  refusal,
} from '../../src/base/management-api.ts'
import { checkOptions } from '../../src/base/options.ts'
import { type Kick, kickBy, type ListedSession } from '../../src/fleet/kick.ts'

/** Where RabbitMQ's management API is, and who calls it. */
export interface RabbitmqApiOptions {
  /** Where the plug-in `rabbitmq_management` listens, such as `https://rabbitmq.internal:15671`. */
  readonly url: string
  /**
   * A user of RabbitMQ's own with the tag `administrator`, since others may not end connections, and
   * the permission to configure `^mqtt-subscription-` on the virtual host `/`.
   */
  readonly username: string
  /** Its password. */
  readonly password: string
}

/** The virtual host of MQTT clients, in a path. */
const VHOST = '%2F'
/** Queues asked for at a time. RabbitMQ gives no more. */
const PAGE = 500

/**
 * Makes a kick for one RabbitMQ, or one cluster. It calls nothing before it is used.
 *
 * It ends all connections of the user name (`DELETE /api/connections/username/{name}`), deletes the
 * queues of its sessions (`mqtt-subscription-{client id}qos0` and `qos1`) with what waits in them, and
 * looks again, until RabbitMQ lists neither. The sessions are those of client ids that are the user
 * name, or begin with it and `//`; the queue of another client id that is on a device's list stays
 * until RabbitMQ deletes it (`x-expires`, by default a day after its client has gone).
 *
 * A kick rejects with a `BrokerError`: `ERR_BROKER_LOGIN_REFUSED` if RabbitMQ refuses the user,
 * `ERR_BROKER_UNREACHABLE` if it cannot be reached, `ERR_BROKER_TIMEOUT` if a call takes more than 5
 * seconds or all of them more than 30, and `ERR_BROKER_REFUSED` if it answers anything else, such as
 * 500 to a user without that tag, or connections or queues are left.
 *
 * @throws {ConfigError} If an option is not valid.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { rabbitmqKick } from 'devicehub/rabbitmq'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const kick = rabbitmqKick({
 *   url: 'https://rabbitmq.internal:15671',
 *   username: 'devicehub',
 *   password: 'of-that-user',
 * })
 * fleet.onChange('rabbitmq', kick)
 * ```
 */
export function rabbitmqKick(options: RabbitmqApiOptions): Kick {
  checkOptions(options, { url: true, username: true, password: true })
  const { url, username: name, password } = options
  if (!name || name.includes(':')) throw new ConfigError('username', 'must be a name, without ":"')
  if (!password) throw new ConfigError('password', 'is missing')
  const call = managementApi({
    product: 'RabbitMQ',
    url,
    path: '/api',
    authorization: basicAuthorization(name, password),
    advice:
      'check the user, its password, its tag administrator, and that it may configure ^mqtt-subscription-',
  })

  async function list(username: string) {
    const [connections, queues] = await Promise.all([connectionsOf(username), queuesOf(username)])
    return { sessions: [...connections, ...queues] }
  }

  async function connectionsOf(username: string): Promise<ListedSession[]> {
    const path = `/connections/username/${encodeURIComponent(username)}`
    const answer = await call('GET', path)
    if (answer.status !== 200 || !Array.isArray(answer.body)) {
      throw refusal('ERR_BROKER_REFUSED', 'RabbitMQ, GET /connections/username', answer)
    }
    // One by one it would not find those that are younger than its statistics.
    let ended: Promise<void> | undefined
    const end = () => {
      ended ??= remove(path, '/connections/username')
      return ended
    }
    // A connection is called after its addresses and ports, so the next one has another name.
    return namesOf(answer.body).map((name) => ({ key: `connection ${name}`, end }))
  }

  async function queuesOf(username: string): Promise<ListedSession[]> {
    const found: string[] = []
    for (let page = 1; ; page++) {
      const search = new URLSearchParams({
        page: `${page}`,
        page_size: `${PAGE}`,
        name: `^mqtt-subscription-${bytePattern(username)}(//.*)?qos[01]$`,
        use_regex: 'true',
        columns: 'name',
        // Else it counts the messages of each.
        disable_stats: 'true',
      })
      const answer = await call('GET', `/queues/${VHOST}?${search}`)
      const { items, page_count } = (answer.body ?? {}) as Record<string, unknown>
      // A page that is not there, where it has none at all, or as they go.
      if (answer.status === 400 && page > 1) break
      if (answer.status !== 200 || !Array.isArray(items)) {
        throw refusal('ERR_BROKER_REFUSED', 'RabbitMQ, GET /queues', answer)
      }
      found.push(...namesOf(items))
      if (!(page < Number(page_count))) break
    }
    // The expression does not tell upper case from lower.
    const start = `mqtt-subscription-${username}`
    const isOwn = (queue: string) =>
      queue.startsWith(`${start}//`) || queue === `${start}qos0` || queue === `${start}qos1`
    return found.filter(isOwn).map((queue) => ({
      key: `queue ${queue}`,
      end: () => remove(`/queues/${VHOST}/${encodeURIComponent(queue)}`, '/queues/{name}'),
      endsAtOnce: true,
    }))
  }

  async function remove(path: string, what: string): Promise<void> {
    const answer = await call('DELETE', path)
    // 404: it has gone meanwhile.
    if (answer.status === 204 || answer.status === 404) return
    throw refusal('ERR_BROKER_REFUSED', `RabbitMQ, DELETE ${what}`, answer)
  }

  return kickBy({ product: 'RabbitMQ', things: 'connections and queues', list })
}

function namesOf(rows: readonly unknown[]): string[] {
  return rows.flatMap((row) => {
    const { name } = (row ?? {}) as { name?: unknown }
    return typeof name === 'string' ? [name] : []
  })
}
