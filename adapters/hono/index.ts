/**
 * The routes a message broker asks over HTTP who may log in and who may do what, for Hono.
 *
 * Brokers ask in different ways, and read the answers in different ways: what denies on one means
 * "ask the next one" on another. So each has a dialect, chosen by the path it is configured with
 * and never guessed.
 *
 * @module
 */
import { Hono } from 'hono'
import { ConfigError } from '../../src/base/errors.ts'
import { type Logger, writeLine } from '../../src/base/log.ts'
import type { Fleet, LoginDenial, LoginRequest } from '../../src/fleet/fleet.ts'
import type { CompatibilityCode } from '../../src/rule/compatibility.ts'
import { authPlug } from './auth-plug.ts'
import type { OutcomeCounters } from './counters.ts'
import type { Answer, Ask, Dialect, DialectRoute } from './dialect.ts'
import { emqx } from './emqx.ts'
import { emqx4 } from './emqx4.ts'
import { goAuth } from './go-auth.ts'
import { type RequestBounds, requestHandler } from './handler.ts'
import { nanomq } from './nanomq.ts'
import { rabbitmq } from './rabbitmq.ts'
import { vernemq } from './vernemq.ts'

export type { BrokerFacts } from '../../src/rule/facts.ts'
export { type Outcome, type OutcomeCounters, outcomeCounters } from './counters.ts'
export type { Answer, Ask, Dialect, DialectRoute, Question } from './dialect.ts'
export { type BrokerEventsOptions, brokerEvents } from './events.ts'
export { type Fields, MalformedRequest } from './fields.ts'
export type { RequestBounds } from './handler.ts'
export type { SecretOptions } from './secret.ts'

/** The dialects there are. */
export const dialects: {
  readonly emqx: Dialect
  readonly emqx4: Dialect
  readonly goAuth: Dialect
  readonly authPlug: Dialect
  readonly vernemq: Dialect
  readonly nanomq: Dialect
  readonly rabbitmq: Dialect
} = { emqx, emqx4, goAuth, authPlug, vernemq, nanomq, rabbitmq }

/** What {@link brokerAuth} takes beside the fleet. */
export type BrokerAuthOptions = RequestBounds & {
  /** Which brokers may ask. Default: all of {@link dialects}. */
  readonly dialects?: readonly Dialect[]
  /**
   * Findings of `fleet.compatibility` that grant more than the rules say and are known and taken:
   * by their code. Default: none.
   */
  readonly accept?: readonly CompatibilityCode[]
  /**
   * Under which client ids somebody may log in at a broker that finds sessions by client id alone:
   * EMQX, NanoMQ, RabbitMQ. `own`: the user name, or the user name, `//` and a suffix, or one of the
   * `clientIds` of the device or service account. `any` gives every session away: whoever has a login
   * can bring another's client id, and gets the messages and commands that wait for it, those of hubs
   * as well. Default: `own`.
   */
  readonly clientIds?: 'own' | 'any'
  /** Receives one line for each denial: a warning, or an error if deciding failed. Default: `console`. */
  readonly logger?: Logger
  /** Counts every outcome. Default: nothing is counted. */
  readonly counters?: OutcomeCounters
}

/**
 * Makes the routes, each with and without a trailing slash: `POST /<dialect>/<route>` with the
 * secret in a header or, for a broker that cannot send one, `POST /<dialect>/<secret>/<route>`.
 * The pages of `docs/` say for each broker what it has to be configured with. `/auth` and `/acl`
 * without a dialect are those of `emqx`.
 *
 * Every answer on these paths, whatever was sent, is in the broker's language and comes within 4
 * seconds. What is malformed, too long or without the secret is denied, and so is every request
 * while the store fails. The client is not told why; the log is, in one line without control
 * characters, and never with a password or the secret.
 *
 * An optional field that is empty, `null` or absent is none, and unknown fields are ignored. A
 * field that is given twice is an error.
 *
 * @throws {ConfigError} If there is no secret and no `withoutSecret`, or both, the secret is too
 * short, a setting is out of range, or a broker would grant more than the rules say (see `accept`).
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { brokerAuth } from 'devicehub/hono'
 * import { Hono } from 'hono'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const secret = 'take this from the environment'
 * const app = new Hono().route('/iot/broker', brokerAuth(fleet, { secret }))
 * ```
 */
export function brokerAuth(fleet: Fleet, options: BrokerAuthOptions): Hono {
  const { hasSecret, handle } = requestHandler(options)
  const { logger = console, counters, clientIds = 'own' } = options
  if (clientIds !== 'own' && clientIds !== 'any') {
    throw new ConfigError('clientIds', "must be 'own' or 'any'")
  }
  const anyClientId = clientIds === 'any'

  function handler(dialect: Dialect, route: DialectRoute) {
    const { name, facts } = dialect
    const title = route.path === '' ? name : `${name}/${route.path}`

    const count = (effect: 'allow' | 'deny', code: string) => {
      counters?.add({ product: name, route: route.path, effect, code })
    }
    const deny = (level: 'warn' | 'error', code: string, text: string): Answer => {
      count('deny', code)
      writeLine(logger, level, `broker ${title}: denied: ${text}`)
      return code === 'failed' ? (route.tryLater ?? route.deny) : route.deny
    }

    const ask: Ask = {
      async login(request) {
        const login = await fleet.authenticate({ ...request, facts, anyClientId })
        if (login.effect === 'allow') count('allow', 'login')
        else deny('warn', login.code, describeLogin(login.code, request))
        return login
      },
      async access(question) {
        // Field by field: to spread it takes longer than to decide.
        const { username, clientId, action, topic, qos, retain } = question
        const request = { username, clientId, action, topic, qos, retain, facts }
        const denial = await fleet.findDenial(request)
        if (!denial) {
          count('allow', 'allowed-by-rule')
          return true
        }
        // The code comes first, so that a long name cannot push it out of the line.
        deny('warn', denial.code, `${denial.code}, ${denial.text}`)
        return false
      },
      brokerObject(problem) {
        if (problem === undefined) count('allow', 'broker-object')
        else deny('warn', 'broker-object', `broker-object, ${problem}`)
        return problem === undefined
      },
    }

    return handle({
      secretIn: dialect.secretIn,
      answer: (question) => route.answer(question, ask),
      refuse: deny,
    })
  }

  const app = new Hono()
  for (const dialect of options.dialects ?? Object.values(dialects)) {
    checkCompatibility(fleet, dialect, options.accept)
    const hasSegment = dialect.secretIn === 'path' && hasSecret
    const prefix = hasSegment ? `/${dialect.name}/:secret` : `/${dialect.name}`
    for (const route of dialect.routes) {
      const serve = handler(dialect, route)
      const path = route.path === '' ? prefix : `${prefix}/${route.path}`
      app.all(path, serve).all(`${path}/`, serve)
      if (dialect === emqx) app.all(`/${route.path}`, serve).all(`/${route.path}/`, serve)
    }
  }
  return app
}

/** The code comes first, so that a long name cannot push it out of the line. */
function describeLogin(reason: LoginDenial, { username = '', clientId }: LoginRequest): string {
  const text = `${reason}, user name ${JSON.stringify(username)}`
  if (reason !== 'client-id-foreign') return text
  const given = clientId === undefined ? 'no client id' : `client id ${JSON.stringify(clientId)}`
  return `${text}, ${given}: it must be the user name, or that with "//" and a suffix`
}

function checkCompatibility(
  fleet: Fleet,
  dialect: Dialect,
  accept: readonly CompatibilityCode[] = [],
): void {
  const finding = fleet
    .compatibility(dialect)
    .find(({ severity, code }) => severity === 'grants-more' && !accept.includes(code))
  if (!finding) return
  const { code, text } = finding
  throw new ConfigError(
    'dialects',
    `${dialect.name} would grant more than the rules say. ${text} Change the rule, leave the dialect out, or take it with accept: ['${code}']`,
  )
}
