/**
 * The route that makes of the application's own session a login at the broker, for Hono.
 *
 * @module
 */
import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { withinDeadline } from '../../src/base/deadline.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { describeError, type Logger } from '../../src/base/log.ts'
import { checkOptions } from '../../src/base/options.ts'
import { isForeignPage } from '../../src/base/own-page.ts'
import { FOREIGN_PAGE, type Problem, respondProblem } from '../../src/base/problem.ts'
import { quietLog } from '../../src/base/quiet-log.ts'
import type { ConnectionDetails } from '../../src/credential/connection-details.ts'
import type { IssuedToken, TokenOptions } from '../../src/credential/token.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'

/** What whoever asks is given: a token with a subject, so that the next one has the same user name. */
export type TokenGrant = TokenOptions & { readonly subject: string }

/** What {@link tokenRoute} takes beside the fleet. */
export interface TokenRouteOptions {
  /**
   * The application's own check, such as of its session: what whoever asks may do, or `undefined` for
   * nobody. What comes from pages of other origins is refused before it is asked, so it may read cookies.
   * It has 10 seconds.
   *
   * The subject says whose sessions at the broker go on with the next token, and whose `fleet.revokeTokens`
   * ends: the id of an account, or that of its session.
   */
  readonly authorize: (
    request: Request,
    context: Context,
  ) => TokenGrant | undefined | Promise<TokenGrant | undefined>
  /** Where pages reach the broker: `wss:`, or `ws:` where nothing needs to be secret. Holds no login. */
  readonly url: string
  /** Receives lines about what failed, within bounds. Default: `console`. */
  readonly logger?: Logger
}

const OPTIONS: Readonly<Record<keyof TokenRouteOptions, true>> = {
  authorize: true,
  url: true,
  logger: true,
}

/** Milliseconds for the application's check and the keys. */
const ANSWER_LIMIT_MS = 10_000

/**
 * Makes a route, to be mounted where the application's own session is known:
 *
 * `POST /` answers {@link ConnectionDetails}: a token for whoever `authorize` lets in, where the broker is,
 * and what the token grants. Nothing is read of the body. Asked again with the same subject it answers
 * another token with the same user name. `tokenLogin` asks it from a page.
 *
 * Problems are `application/problem+json` (RFC 9457) with a `code`: 401 `session-unknown`, 403
 * `origin-foreign`, 404 `route-unknown`, 405 `method-unknown`, 503 `failed`. No answer may be cached.
 *
 * @throws {ConfigError} If there is no `authorize`, the `url` is none of a WebSocket, an option is unknown, or
 * the fleet has no pepper, under which tokens are signed.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { tokenRoute } from 'devicehub/hono'
 * import { Hono } from 'hono'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const pepper = 'take this from the environment'
 * const fleet = createFleet({ types: [pump], store: memoryStore(), pepper })
 * const route = tokenRoute(fleet, {
 *   url: 'wss://broker.example.com/mqtt',
 *   authorize: ({ headers }) =>
 *     headers.get('cookie') === 'session=known' // yours
 *       ? {
 *           subject: 'account 7',
 *           rules: [{ effect: 'allow', actions: ['subscribe'], filter: '{prefix}/pump/+/data' }],
 *         }
 *       : undefined,
 * })
 * const app = new Hono().route('/broker-token', route)
 * ```
 */
export function tokenRoute(fleet: Fleet, options: TokenRouteOptions): Hono {
  checkOptions(options, OPTIONS)
  const { authorize, url, logger = console } = options
  if (typeof authorize !== 'function') {
    throw new ConfigError('authorize', 'must be a function that says what whoever asks may do')
  }
  checkUrl(url)
  checkPepper(fleet)
  const log = quietLog(logger)

  async function answer(context: Context): Promise<ConnectionDetails | Problem> {
    const grant: unknown = await authorize(context.req.raw, context)
    if (grant === undefined) return NOBODY
    const checked = checkGrant(grant)
    return detailsOf(await issue(fleet, checked), { url, grant: checked, fleet })
  }

  const app = new Hono()
  app.post('/', async (context) => {
    if (isForeignPage(context.req.raw)) return respondProblem(FOREIGN_PAGE)
    try {
      const work = () => answer(context)
      const answered = await withinDeadline(ANSWER_LIMIT_MS, work, undefined, 'answer')
      if ('status' in answered) return respondProblem(answered)
      return context.json(answered, 200, { 'cache-control': 'no-store' })
    } catch (error) {
      log.write('error', 'token', `A token could not be issued: ${describeError(error)}`)
      return respondProblem(FAILED)
    }
  })
  app.all('/', () => {
    const response = respondProblem(OTHER_METHOD)
    response.headers.set('allow', 'POST')
    return response
  })
  // What a mounted app does not find would be answered by the one that it is mounted in.
  app.all('*', () => respondProblem(NO_ROUTE))
  return app
}

const NOBODY: Problem = {
  status: 401,
  code: 'session-unknown',
  detail: 'Whoever asks is not signed in here, or may do nothing at the broker',
}
const FAILED: Problem = {
  status: 503,
  code: 'failed',
  detail: 'No token could be issued; the log says why. It can be tried again',
}
const OTHER_METHOD: Problem = {
  status: 405,
  code: 'method-unknown',
  detail: 'A token is asked for by POST',
}
const NO_ROUTE: Problem = { status: 404, code: 'route-unknown', detail: 'No such route' }

/** A token that counts: where its subject was revoked a moment ago elsewhere, one dated behind that. */
async function issue(fleet: Fleet, grant: TokenGrant): Promise<IssuedToken> {
  const token = fleet.issueToken(grant)
  return (await fleet.isTokenRevoked(token)) ? fleet.issueToken(grant) : token
}

function detailsOf(
  { username, password, expiresAt, issuedAt }: IssuedToken,
  {
    url,
    grant,
    fleet,
  }: { readonly url: string; readonly grant: TokenGrant; readonly fleet: Fleet },
): ConnectionDetails {
  const { rules, attributes } = grant
  return {
    url,
    username,
    password,
    expiresAt,
    principal: {
      kind: 'token',
      username,
      rules,
      attributes: { ...attributes, prefix: fleet.prefix, username },
      expiresAt,
      issuedAt,
    },
  }
}

/** @throws {TypeError} If it has no subject: what it is else the fleet checks. */
function checkGrant(grant: unknown): TokenGrant {
  const { subject } = (grant ?? {}) as { readonly subject?: unknown }
  if (typeof subject === 'string') return grant as TokenGrant
  throw new TypeError('authorize must return a subject and rules, or undefined')
}

function checkUrl(url: unknown): void {
  const parsed = typeof url === 'string' ? parseUrl(url) : undefined
  if (!parsed || !['ws:', 'wss:'].includes(parsed.protocol)) {
    throw new ConfigError('url', 'must be the address of a WebSocket, such as wss://host/mqtt')
  }
  if (parsed.username || parsed.password) throw new ConfigError('url', 'must not hold a login')
}

function parseUrl(url: string): URL | undefined {
  try {
    return new URL(url)
  } catch {
    return undefined
  }
}

/** What would fail at each request is to fail at the start. */
function checkPepper(fleet: Fleet): void {
  const nothing = { effect: 'deny', actions: ['subscribe'], filter: '#' } as const
  // With a subject nothing is drawn at random, which edge workers refuse before the first request.
  fleet.issueToken({ rules: [nothing], subject: 'nobody', expiresIn: 1 })
}
