/**
 * A broker that refuses by itself what its login is not granted.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { DEFAULT_SHARE_NAME } from '../device/default-rules.ts'
import { clientGuard, type FindDenial } from '../rule/guard.ts'
import { type AccessRule, type Attributes, checkRules } from '../rule/rule.ts'
import { DEFAULT_PREFIX } from '../topic/template.ts'
import type { Broker, OutgoingMessage, Subscription, SubscriptionResult } from './broker.ts'
import { checkMessage, checkSubscriptions, checkWill } from './check.ts'

/** What a login may do: a token as it was issued, or a `Principal`. */
export interface Grants {
  readonly username: string
  readonly rules: readonly AccessRule[]
  /**
   * The values of placeholders. `{username}` has its own, and so has `{prefix}`: `things`, unless one is
   * given here. Default: none.
   */
  readonly attributes?: Attributes
}

/** What {@link guardedBroker} takes. */
export interface GuardOptions {
  /** The client id of the connection, where rules hold `{clientId}`. Default: such a rule grants nothing. */
  readonly clientId?: string
  /** The share group of shared subscriptions. Default: `devicehub`. */
  readonly shareName?: string
}

/**
 * Puts a guard before a broker: what the rules of its login do not grant is refused with the reasons, and
 * nothing is sent. A publish, a subscription and the will are decided as a broker decides them, and else
 * all is as the broker does it. The broker decides all the same: the guard is there to say what is wrong,
 * which a broker never does, and keeps nobody out.
 *
 * @param grants What the login may do. A function is asked each time, and another object is made ready
 * anew, as after a token was renewed; `undefined` refuses nothing, and the broker alone decides.
 * A subscription that is to be shared is judged as one, also where the broker then makes it plainly.
 *
 * @returns A broker, of which `subscribe()`, `publish()` and `connect()` also reject with an
 * `AccessDeniedError`, whose code is `ERR_BROKER_NOT_AUTHORIZED`. Of several subscriptions those that are
 * granted are made. All three reject with a `ConfigError` or an `InvalidTopicError` if a rule is not valid.
 * @throws {ConfigError} If the grants are none, such as those of a login that was looked up and not found.
 *
 * @example
 * ```ts
 * import { guardedBroker, memoryBroker } from 'devicehub'
 *
 * const broker = guardedBroker(memoryBroker(), {
 *   username: 'token:page',
 *   rules: [{ effect: 'allow', actions: ['subscribe'], filter: '{prefix}/pump/{deviceId}/data' }],
 *   attributes: { deviceId: 'P-1' },
 * })
 * await broker.connect({ onMessage() {} })
 * await broker.subscribe([{ filter: 'things/pump/P-1/data' }])
 * await broker.subscribe([{ filter: 'things/pump/+/data' }]).catch(console.warn) // and says why
 * await broker.close()
 * ```
 */
export function guardedBroker(
  broker: Broker,
  grants: Grants | (() => Grants | undefined),
  { clientId, shareName = DEFAULT_SHARE_NAME }: GuardOptions = {},
): Broker {
  if (typeof grants !== 'function') checkGrants(grants)
  const current = typeof grants === 'function' ? grants : () => grants
  let known: Grants | undefined
  let findDenial: FindDenial = () => undefined
  const find: FindDenial = (request) => {
    const now = current()
    if (now !== known) {
      findDenial = now ? guardOf(now, clientId) : () => undefined
      known = now
    }
    return findDenial(request)
  }
  const findPublishDenial = ({ topic, qos = 1, retain = false }: OutgoingMessage) =>
    find({ action: 'publish', topic, qos, retain })
  const findSubscriptionDenial = ({ filter, qos = 1, shared = false }: Subscription) => {
    const topic = shared ? `$share/${shareName}/${filter}` : filter
    return find({ action: 'subscribe', topic, qos })
  }
  return {
    async connect(options) {
      if (options.will !== undefined) {
        checkWill(options.will)
        const denial = findPublishDenial(options.will)
        if (denial) throw denial
      }
      return broker.connect(options)
    },

    async subscribe(subscriptions) {
      checkSubscriptions(subscriptions)
      const denials = subscriptions.map(findSubscriptionDenial)
      const denial = denials.find((one) => one !== undefined)
      const granted = subscriptions.filter((_, i) => !denials[i])
      const nothing: readonly SubscriptionResult[] = []
      const results = denial && granted.length === 0 ? nothing : await broker.subscribe(granted)
      if (denial) throw denial
      return results
    },

    async publish(message) {
      checkMessage(message)
      const denial = findPublishDenial(message)
      if (denial) throw denial
      return broker.publish(message)
    },

    unsubscribe: (filters) => broker.unsubscribe(filters),
    close: () => broker.close(),
    status: () => broker.status(),
    [Symbol.asyncDispose]: () => broker.close(),
  }
}

function checkGrants(grants: Grants | undefined): void {
  if (typeof grants?.username === 'string' && Array.isArray(grants.rules)) return
  throw new ConfigError('grants', 'must have a username and rules')
}

function guardOf(
  { username, rules, attributes }: Grants,
  clientId: string | undefined,
): FindDenial {
  checkRules(rules, 'rules')
  const values = { prefix: DEFAULT_PREFIX, ...attributes, username }
  // Which kind it is has no part in a decision, nor in its explanation.
  return clientGuard({ kind: 'token', username, rules, attributes: values }, clientId)
}
