/**
 * The routes a message broker asks over HTTP who may log in and who may do what, for Hono.
 *
 * The dialect is that of EMQX 5: every answer is status 200 with an explicit result, because EMQX
 * takes any other status for "ask the next one", which may end in a grant.
 *
 * @module
 */
import { type Context, Hono } from 'hono'
import { secretHasher } from '../../src/access/credential.ts'
import { withinDeadline } from '../../src/deadline.ts'
import { ConfigError } from '../../src/errors.ts'
import type { Fleet } from '../../src/fleet.ts'
import { describeError, type Logger, printable } from '../../src/log.ts'
import { ALLOW, allowLogin, DENY, type EmqxAnswer } from './emqx.ts'
import { type Fields, MalformedRequest, readAccess, readFields, readLogin } from './request.ts'

/** What {@link brokerAuth} takes beside the fleet: a secret, or the word that there is none. */
export type BrokerAuthOptions = (
  | {
      /**
       * What the broker sends as `Authorization: Bearer <secret>`: at least 16 characters of
       * printable ASCII.
       */
      readonly secret: string
    }
  | {
      /** Answers whoever asks. Only where nothing but the broker can reach the routes. */
      readonly withoutSecret: true
    }
) & {
  /** Receives one line for each denial: a warning, or an error if deciding failed. Default: `console`. */
  readonly logger?: Logger
  /** Longest request body that is read, in bytes, 1 or more. Default: 16,384. */
  readonly maxBodyBytes?: number
}

/** What came of a question. The reason is for the log alone. */
type Verdict =
  | { readonly effect: 'allow'; readonly answer: EmqxAnswer }
  | { readonly effect: 'deny'; readonly reason: string }

const MIN_SECRET_LENGTH = 16
const DEFAULT_MAX_BODY_BYTES = 16_384

// EMQX waits 5 s for an authentication and takes silence for "ask the next one".
const DEADLINE_MS = 4_000

/**
 * Makes the routes `POST /auth` and `POST /acl`, each with and without a trailing slash.
 *
 * Every answer on these paths, whatever was sent, is status 200 with `{"result":"allow"}` or
 * `{"result":"deny"}` and comes within 4 seconds. What is malformed, too long or without the
 * secret is denied, and so is every request while the store fails. The client is not told why; the
 * log is, in one line without control characters, and never with a password or the secret.
 *
 * - `/auth` takes `username`, `password` and optionally `clientid`. An allow carries `acl`, the
 *   client's rules for the broker to apply by itself, where they can be said exactly in EMQX's
 *   terms. Rules sent so stay in force until the connection ends.
 * - `/acl` takes `username`, `topic`, `action` (`publish`, `subscribe`, `pub` or `sub`) and
 *   optionally `clientid`, `qos` and `retain`. Numbers and booleans may come as text.
 *
 * An optional field that is empty, `null` or absent is none, and unknown fields are ignored.
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
  const findSecretProblem = secretCheck(options)
  const { logger = console, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options
  if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes < 1) {
    throw new ConfigError('maxBodyBytes', 'must be a whole number of bytes, 1 or more')
  }

  function route(name: string, judge: (fields: Fields) => Promise<Verdict>) {
    const deny = (level: 'warn' | 'error', reason: string): Response => {
      try {
        logger[level](printable(`broker ${name}: denied: ${reason}`))
      } catch {
        // A log that is out of order must not change the answer, and has nowhere to be reported.
      }
      return respond(DENY)
    }
    return async ({ req: { raw } }: Context): Promise<Response> => {
      if (raw.method !== 'POST') return deny('warn', `the method is ${raw.method}, not POST`)
      const problem = findSecretProblem(raw.headers.get('authorization'))
      if (problem) return deny('warn', problem)
      try {
        const verdict = await withinDeadline(DEADLINE_MS, async (signal) =>
          judge(await readFields(raw, maxBodyBytes, signal)),
        )
        return verdict.effect === 'allow' ? respond(verdict.answer) : deny('warn', verdict.reason)
      } catch (error) {
        if (error instanceof MalformedRequest) return deny('warn', error.message)
        return deny('error', `deciding failed: ${describeError(error)}`)
      }
    }
  }

  const auth = route('auth', async (fields) => {
    const request = readLogin(fields)
    const login = await fleet.authenticate(request)
    if (login.effect === 'allow') return { effect: 'allow', answer: allowLogin(login.principal) }
    return {
      effect: 'deny',
      reason: `${login.reason}, user name ${JSON.stringify(request.username ?? '')}`,
    }
  })

  const acl = route('acl', async (fields) => {
    const { effect, reason, text } = await fleet.explain(readAccess(fields))
    if (effect === 'allow') return { effect, answer: ALLOW }
    // The code comes first, so that a long name cannot push it out of the line.
    return { effect, reason: `${reason}, ${text}` }
  })

  return new Hono().all('/auth', auth).all('/auth/', auth).all('/acl', acl).all('/acl/', acl)
}

function respond(answer: EmqxAnswer): Response {
  return new Response(JSON.stringify(answer), { headers: { 'content-type': 'application/json' } })
}

/** What is wrong with an `Authorization` header, if anything. */
function secretCheck(options: BrokerAuthOptions): (header: string | null) => string | undefined {
  const withoutSecret = 'withoutSecret' in options && options.withoutSecret === true
  if (withoutSecret) {
    if ('secret' in options) {
      throw new ConfigError('secret', 'cannot be given beside withoutSecret: choose one of them')
    }
    return () => undefined
  }
  const secret = 'secret' in options ? options.secret : undefined
  if (typeof secret !== 'string' || secret === '') {
    throw new ConfigError(
      'secret',
      `is missing: set one text of at least ${MIN_SECRET_LENGTH} characters here and in the broker's Authorization header, or withoutSecret: true where nothing but the broker can reach these routes`,
    )
  }
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new ConfigError('secret', `must have at least ${MIN_SECRET_LENGTH} characters`)
  }
  // Any other text is changed on its way through a header, and would never compare equal.
  if (!/^[\x20-\x7e]*$/.test(secret) || secret.trim() !== secret) {
    throw new ConfigError('secret', 'must be printable ASCII without spaces at its ends')
  }
  const hasher = secretHasher(undefined)
  const stored = hasher.hash(secret)
  return (header) => {
    if (header === null) return 'the broker sent no Authorization header'
    const sent = /^Bearer +(.*)$/i.exec(header)?.[1]
    if (sent === undefined) return 'the Authorization header does not begin with "Bearer"'
    return hasher.verify(sent, stored) ? undefined : 'the broker sent another secret'
  }
}
