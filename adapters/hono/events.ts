/**
 * The routes a message broker tells over HTTP which clients connected and disconnected, for Hono.
 *
 * @module
 */
import { Hono } from 'hono/tiny'
import { ConfigError } from '../../src/base/errors.ts'
import type { Logger } from '../../src/base/log.ts'
import { checkMethods, checkOptions } from '../../src/base/options.ts'
import { quietLog } from '../../src/base/quiet-log.ts'
import type { DeviceRef } from '../../src/device/reference.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { ConnectionRef, PresenceTracker } from '../../src/presence/presence.ts'
import type { Answer } from '../../src/product/http/answer.ts'
import type { BrokerEvent } from '../../src/product/http/event.ts'
import type { TellingProduct } from '../../src/product/product.ts'
import { readClientId } from '../../src/rule/client-id.ts'
import type { OutcomeCounters } from './counters.ts'
import {
  type OptionNames,
  type RefusalCode,
  type RequestBounds,
  requestHandler,
  respond,
} from './handler.ts'
import { checkProducts, pathOf, spellingsOf } from './products.ts'

/** What {@link brokerEvents} takes beside the fleet. */
export type BrokerEventsOptions = RequestBounds & {
  /** Which brokers may tell, such as `[emqx]` of `devicehub/products`: one or more, each once. */
  readonly products: readonly TellingProduct[]
  /** Where the events go. */
  readonly presence: Pick<PresenceTracker, 'connected' | 'disconnected'>
  /**
   * Which broker tells. Brokers that know nothing of each other's clients need a name, and a mount,
   * each. Default: `default`.
   */
  readonly broker?: string
  /**
   * Receives lines about events that are refused: a warning, or an error if looking up its device
   * failed. Of each product and code the first 5, and then one line in 10 seconds with how many there
   * were; `counters` count each. Default: `console`.
   */
  readonly logger?: Logger
  /**
   * Counts every event, under the route `events`: as `allow` what was taken, as `deny` what was
   * refused. Default: nothing is counted.
   */
  readonly counters?: OutcomeCounters
}

const OPTIONS: OptionNames<BrokerEventsOptions> = {
  secret: true,
  withoutSecret: true,
  products: true,
  presence: true,
  broker: true,
  maxBodyBytes: true,
  logger: true,
  counters: true,
}

// EMQX tries again at 429 and 503 alone, and not for ever; VerneMQ and EMQX 4 never do.
const STATUS: Readonly<Record<RefusalCode | 'principal-unknown', number>> = {
  'request-malformed': 400,
  'broker-secret-wrong': 401,
  'principal-unknown': 404,
  failed: 503,
}

/**
 * Makes the routes: `POST /<product>` with the secret in a
 * header, such as `/emqx`, or `POST /<product>/<secret>` and `POST /<product>/<secret>/<node>`, such as
 * those of `vernemq`. Each may be written with a slash at its end, and with two in the place of one.
 * `docs/presence.md` says for each broker what it has to be configured with.
 *
 * An event of a device goes to `presence`. One of a service account, the holder of a token or a
 * client nobody knows any more is taken and dropped. Taken events get status 204 (VerneMQ: 200),
 * whatever comes of them. What is malformed or too long gets 400, what comes without the secret 401,
 * an unknown or revoked user name 404; the broker sends none of these again. Only while the store
 * fails is the answer 503: EMQX 5 and 6 try that again until the action's `request_ttl` is over.
 * Every answer comes within 4 seconds.
 *
 * A connection takes one look-up in the store; its end takes one only if it comes first.
 *
 * @throws {ConfigError} If there is no secret and no `withoutSecret`, or both, the secret is too
 * short, there is no product, one twice or one that tells nothing, or an option is unknown or out of
 * range.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore, presenceTracker } from 'devicehub'
 * import { brokerEvents } from 'devicehub/hono'
 * import { vernemq } from 'devicehub/products'
 * import { Hono } from 'hono'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const presence = presenceTracker({ types: fleet.types })
 * const secret = 'take this from the environment'
 * const routes = brokerEvents(fleet, { secret, presence, products: [vernemq] })
 * const app = new Hono().route('/iot/events', routes)
 * ```
 */
export function brokerEvents(fleet: Fleet, options: BrokerEventsOptions): Hono {
  checkOptions(options, OPTIONS)
  const { hasSecret, handle } = requestHandler(options)
  const { products, presence, broker = 'default', logger = console, counters } = options
  if (typeof broker !== 'string' || broker === '') {
    throw new ConfigError('broker', 'must name a broker')
  }
  // Else each event would fail, and be sent again and again.
  checkMethods('presence', presence, { connected: true, disconnected: true })
  checkProducts(products, 'events')
  const log = quietLog(logger)

  function handler({ name, secretIn, events }: TellingProduct) {
    const count = (effect: 'allow' | 'deny', code: string) => {
      counters?.add({ product: name, route: 'events', effect, code })
    }
    const accept = (code: string): Answer => {
      count('allow', code)
      return events.accepted
    }
    const refuse = (level: 'warn' | 'error', code: keyof typeof STATUS, text: string): Answer => {
      count('deny', code)
      log.write(level, `${name} ${code}`, `event of ${name}: refused: ${text}`)
      return { status: STATUS[code], body: '' }
    }

    /** Whose the connection is: `undefined` if nobody's, `other` if of no device. */
    async function findDevice(username: string): Promise<DeviceRef | 'other' | undefined> {
      const principal = await fleet.findPrincipal(username)
      return principal && (principal.device ?? 'other')
    }

    function record({ kind, ...event }: BrokerEvent, device?: DeviceRef): boolean {
      const { connection, connectedAt, disconnectedAt, takenOver = false } = event
      // Where the broker has joined the two, each user name has client ids of its own.
      const { username, own: clientId } = readClientId(event.clientId)
      const realm = [event.realm ?? '', username ?? '']
      const where = realm.some(Boolean) ? JSON.stringify([broker, ...realm]) : broker
      const ref: ConnectionRef = { broker: where, clientId, connection, connectedAt }
      return kind === 'connected'
        ? presence.connected({ ...ref, device })
        : presence.disconnected({ ...ref, device, disconnectedAt, takenOver })
    }

    async function take(event: BrokerEvent, isLate: () => boolean): Promise<Answer> {
      const { kind, user } = event
      // A device that is revoked meanwhile is still disconnected.
      if ((kind === 'disconnected' || user === 'untold') && record(event)) return accept(kind)
      if (user === 'untold') return accept('client-unknown')
      const device = user === 'none' ? undefined : await findDevice(user.name)
      // The broker was told that this failed, and may have told more since.
      if (isLate()) return events.accepted
      if (!device) {
        const username = JSON.stringify(user === 'none' ? '' : user.name)
        return refuse('warn', 'principal-unknown', `principal-unknown, user name ${username}`)
      }
      if (device === 'other') return accept('not-a-device')
      record(event, device)
      return accept(kind)
    }

    return handle({
      secretIn,
      answer: async (fields, { req }, isLate) =>
        respond(await take(events.read(fields, req.raw.headers, req.param('node')), isLate)),
      refuse,
    })
  }

  const app = new Hono()
  for (const product of products) {
    const path = pathOf(product, hasSecret)
    const serve = handler(product)
    const paths = product.secretIn === 'path' ? [path, `${path}/:node`] : [path]
    for (const spelling of paths.flatMap(spellingsOf)) app.all(spelling, serve)
  }
  return app
}
