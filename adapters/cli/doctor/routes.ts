/**
 * The routes, asked as a broker would ask them.
 *
 * @module
 */
import process from 'node:process'
import type { AskingProduct } from '../../../src/product/product.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { type AccessToAsk, type AskedRequest, DIALECTS, type LoginToAsk } from './dialects.ts'

/** Where the secret comes from: on a command line every user of the machine could read it. */
export const SECRET_VARIABLE = 'DEVICEHUB_ROUTES_SECRET'
const ANSWER_LIMIT_MS = 10_000
const MAX_REPEATED = 100

/** How the routes answered. */
export type RoutesAnswer =
  | { readonly effect: 'allow' | 'deny' }
  /** What no broker is answered: something else stands at this address. */
  | { readonly effect: 'odd'; readonly text: string }
  /** Nothing was answered. */
  | { readonly effect: 'down'; readonly text: string; readonly cause: unknown }

/** Asks the routes of one product. */
export interface Routes {
  /** Without the secret. */
  readonly url: string
  login(login: LoginToAsk): Promise<RoutesAnswer>
  access(access: AccessToAsk): Promise<RoutesAnswer>
}

/** Told of each answer: its header `Date`, and when it came by the clock here. */
export type OnDate = (date: string | null, sentAt: number, cameAt: number) => void

/**
 * Reads where the routes are.
 *
 * @throws {CommandFailure} If it is no URL, or there is no secret to ask with.
 */
export function readRoutes(url: string): { readonly url: string; readonly secret: string } {
  const misused = (problem: string) => new CommandFailure(exitCode.misused, problem)
  const protocol = URL.canParse(url) ? new URL(url).protocol : ''
  if (!['http:', 'https:'].includes(protocol)) {
    throw misused(
      '--routes: must be the URL that brokers ask, such as https://auth.example.com/iot/broker',
    )
  }
  const secret = process.env[SECRET_VARIABLE]
  if (!secret) throw misused(`${SECRET_VARIABLE} is missing: the secret that the broker sends`)
  return { url: url.replace(/\/+$/, ''), secret }
}

/** Asks as a product does. */
export function routesOf(
  product: AskingProduct,
  { url, secret }: { readonly url: string; readonly secret: string },
  { signal, onDate }: { readonly signal: AbortSignal; readonly onDate: OnDate },
): Routes {
  const dialect = DIALECTS[product.name]!
  const inHeader = product.secretIn === 'header'
  const segments = inHeader ? [url, product.name] : [url, product.name, encodeURIComponent(secret)]

  async function ask({ path, headers, body }: AskedRequest): Promise<RoutesAnswer> {
    const sentAt = Date.now()
    try {
      const response = await fetch([...segments, path].filter((part) => part !== '').join('/'), {
        method: 'POST',
        headers: { ...headers, ...(inHeader && { authorization: `Bearer ${secret}` }) },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
      })
      onDate(response.headers.get('date'), sentAt, Date.now())
      return read(response.status, await response.text())
    } catch (cause) {
      if (signal.aborted) throw cause
      return { effect: 'down', text: describeFetch(cause), cause }
    }
  }

  function read(status: number, body: string): RoutesAnswer {
    if (dialect.isGrant(status, body)) return { effect: 'allow' }
    return denials(product).has(`${status} ${body}`)
      ? { effect: 'deny' }
      : {
          effect: 'odd',
          text: `status ${status} and ${JSON.stringify(body.slice(0, MAX_REPEATED))}`,
        }
  }

  return {
    url: `${url}/${product.name}`,
    login: (login) => ask(dialect.login(login)),
    access: (access) => ask(dialect.access(access)),
  }
}

/** All that a product is answered that grants nothing. */
function denials({ questions }: AskingProduct): ReadonlySet<string> {
  const answers = questions.flatMap(({ write }) =>
    [true, false].map((isTransient) =>
      write({ effect: 'deny', code: 'principal-unknown', isTransient, asked: undefined, now: 0 }),
    ),
  )
  return new Set(answers.map(({ status, body }) => `${status} ${body}`))
}

/** What a runtime says of a request that failed: Node has it in the cause. */
function describeFetch(error: unknown): string {
  const { name, cause } = error as { readonly name?: string; readonly cause?: unknown }
  if (name === 'TimeoutError') return `no answer within ${ANSWER_LIMIT_MS / 1000} s`
  return firstLine(cause ?? error)
}
