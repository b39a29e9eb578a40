/**
 * The routes a message broker asks over HTTP who may log in and who may do what, for Hono.
 *
 * Brokers ask in different ways, and read the answers in different ways: what denies on one means
 * "ask the next one" on another. So each has a dialect, chosen by the path it is configured with
 * and never guessed.
 *
 * @module
 */
import { type Context, Hono } from 'hono'
import { withinDeadline } from '../../src/deadline.ts'
import { ConfigError } from '../../src/errors.ts'
import type { Fleet } from '../../src/fleet.ts'
import { describeError, type Logger, printable } from '../../src/log.ts'
import { authPlug } from './auth-plug.ts'
import type { OutcomeCounters } from './counters.ts'
import type { Answer, Ask, Dialect, DialectRoute } from './dialect.ts'
import { emqx } from './emqx.ts'
import { bodyReader, MalformedRequest } from './fields.ts'
import { goAuth } from './go-auth.ts'
import { type SecretOptions, secretCheck } from './secret.ts'
import { vernemq } from './vernemq.ts'

export type { DialectFacts } from '../../src/access/compatibility.ts'
export { type Outcome, type OutcomeCounters, outcomeCounters } from './counters.ts'
export type { Answer, Ask, Dialect, DialectRoute, Question } from './dialect.ts'
export { type Fields, MalformedRequest } from './fields.ts'
export type { SecretOptions } from './secret.ts'

/** The dialects there are. */
export const dialects: {
  readonly emqx: Dialect
  readonly goAuth: Dialect
  readonly authPlug: Dialect
  readonly vernemq: Dialect
} = { emqx, goAuth, authPlug, vernemq }

/** What {@link brokerAuth} takes beside the fleet. */
export type BrokerAuthOptions = SecretOptions & {
  /** Which brokers may ask. Default: all of {@link dialects}. */
  readonly dialects?: readonly Dialect[]
  /** Receives one line for each denial: a warning, or an error if deciding failed. Default: `console`. */
  readonly logger?: Logger
  /** Counts every outcome. Default: nothing is counted. */
  readonly counters?: OutcomeCounters
  /** Longest request body that is read, in bytes, 1 or more. Default: 16,384. */
  readonly maxBodyBytes?: number
}

const DEFAULT_MAX_BODY_BYTES = 16_384

// EMQX waits 5 s for an authentication and takes silence for "ask the next one".
const DEADLINE_MS = 4_000

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
 * short, or a setting is out of range.
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
  const check = secretCheck(options)
  const { logger = console, counters, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options
  if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes < 1) {
    throw new ConfigError('maxBodyBytes', 'must be a whole number of bytes, 1 or more')
  }

  function handler(dialect: Dialect, route: DialectRoute) {
    const { name } = dialect
    const title = route.path === '' ? name : `${name}/${route.path}`

    const count = (effect: 'allow' | 'deny', reason: string) => {
      counters?.add({ dialect: name, route: route.path, effect, reason })
    }
    const deny = (level: 'warn' | 'error', reason: string, text: string): Answer => {
      count('deny', reason)
      try {
        logger[level](printable(`broker ${title}: denied: ${text}`))
      } catch {
        // A log that is out of order must not change the answer, and has nowhere to be reported.
      }
      return route.deny
    }

    const ask: Ask = {
      async login(request) {
        const login = await fleet.authenticate(request)
        if (login.effect === 'allow') count('allow', 'login')
        else {
          const { reason } = login
          deny('warn', reason, `${reason}, user name ${JSON.stringify(request.username ?? '')}`)
        }
        return login
      },
      async access(request) {
        const { effect, reason } = await fleet.authorize(request)
        if (effect === 'allow') {
          count('allow', reason)
          return true
        }
        const { text } = await fleet.explain(request)
        // The code comes first, so that a long name cannot push it out of the line.
        deny('warn', reason, `${reason}, ${text}`)
        return false
      },
    }

    async function answer({ req }: Context): Promise<Answer> {
      const { raw } = req
      if (raw.method !== 'POST') {
        return deny('warn', 'request-malformed', `the method is ${raw.method}, not POST`)
      }
      const problem =
        dialect.secretIn === 'header'
          ? check?.header(raw.headers.get('authorization'))
          : check?.segment(req.param('secret'))
      if (problem) return deny('warn', 'broker-secret-wrong', problem)
      try {
        const body = bodyReader(raw, maxBodyBytes)
        const work = async () =>
          route.answer({ fields: await body.read(), headers: raw.headers }, ask)
        return await withinDeadline(DEADLINE_MS, work, body.stop)
      } catch (error) {
        if (error instanceof MalformedRequest) {
          return deny('warn', 'request-malformed', error.message)
        }
        return deny('error', 'failed', `deciding failed: ${describeError(error)}`)
      }
    }

    return async (context: Context): Promise<Response> => {
      const { status, body, headers = {} } = await answer(context)
      return new Response(body === '' ? null : body, { status, headers })
    }
  }

  const app = new Hono()
  for (const dialect of options.dialects ?? Object.values(dialects)) {
    const hasSegment = dialect.secretIn === 'path' && check !== undefined
    const prefix = hasSegment ? `/${dialect.name}/:secret` : `/${dialect.name}`
    for (const route of dialect.routes) {
      const handle = handler(dialect, route)
      const path = route.path === '' ? prefix : `${prefix}/${route.path}`
      app.all(path, handle).all(`${path}/`, handle)
      if (dialect === emqx) app.all(`/${route.path}`, handle).all(`/${route.path}/`, handle)
    }
  }
  return app
}
