/**
 * What every request of a broker goes through, whatever it is about: the method, the secret, the
 * bounds on the body and on the time.
 *
 * @module
 */
import type { Context } from 'hono'
import { withinDeadline } from '../../src/base/deadline.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { describeError } from '../../src/base/log.ts'
import type { MaybePromise } from '../../src/base/maybe-promise.ts'
import type { Answer } from '../../src/product/http/answer.ts'
import { type Fields, MalformedRequest } from '../../src/product/http/fields.ts'
import { BodyReader } from './body.ts'
import { type SecretOptions, secretCheck } from './secret.ts'

/** What requests are held to. */
export type RequestBounds = SecretOptions & {
  /** Longest request body that is read, in bytes, 1 or more. Default: 16,384. */
  readonly maxBodyBytes?: number
}

/** Every option there is, for `checkOptions`: of each kind, where there are several. */
export type OptionNames<Options> = Readonly<
  Record<Options extends unknown ? keyof Options : never, true>
>

/** Why a request is answered without being understood. */
export type RefusalCode = 'request-malformed' | 'broker-secret-wrong' | 'failed'

/** What is done with the requests of one route. */
export interface Handling {
  /** Where the secret is: in a header, or the segment `:secret` of the path. */
  readonly secretIn: 'header' | 'path'
  /**
   * Answers a request with the secret.
   *
   * @param isLate Tells whether the request was refused already, because the time was up.
   * @throws {MalformedRequest} If it cannot be read.
   */
  answer(fields: Fields, context: Context, isLate: () => boolean): MaybePromise<Response>
  /** Answers any other one. The text is fit for a log once it is made {@link printable}. */
  refuse(level: 'warn' | 'error', code: RefusalCode, text: string): Answer
}

/** Makes handlers that share a secret and bounds. */
export interface RequestHandler {
  /** Whether a secret is asked for. */
  readonly hasSecret: boolean
  /** Makes a handler. It does not throw unless `refuse` does. */
  handle(handling: Handling): (context: Context) => Response | Promise<Response>
}

const DEFAULT_MAX_BODY_BYTES = 16_384

// EMQX waits 5 s for an authentication and takes silence for "ask the next one".
const DEADLINE_MS = 4_000

/** See {@link RequestHandler}. @throws {ConfigError} As `brokerAuth` does. */
export function requestHandler(bounds: RequestBounds): RequestHandler {
  const check = secretCheck(bounds)
  const { maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = bounds
  if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes < 1) {
    throw new ConfigError('maxBodyBytes', 'must be a whole number of bytes, 1 or more')
  }

  /** Why a request is not even read. */
  function findProblem(handling: Handling, { req }: Context): [RefusalCode, string] | undefined {
    const { method, headers } = req.raw
    if (method !== 'POST') return ['request-malformed', `the method is ${method}, not POST`]
    const problem =
      handling.secretIn === 'header'
        ? check?.header(headers.get('authorization'))
        : check?.segment(req.param('secret'))
    return problem === undefined ? undefined : ['broker-secret-wrong', problem]
  }

  function refuse({ refuse }: Handling, error: unknown): Answer {
    return error instanceof MalformedRequest
      ? refuse('warn', 'request-malformed', error.message)
      : refuse('error', 'failed', `deciding failed: ${describeError(error)}`)
  }

  function serve(handling: Handling, context: Context): Response | Promise<Response> {
    const problem = findProblem(handling, context)
    if (problem) return respond(handling.refuse('warn', ...problem))
    let late = false
    const isLate = () => late
    const body = new BodyReader(context.req, maxBodyBytes)
    const work = () => body.read((fields) => handling.answer(fields, context, isLate))
    return withinDeadline(DEADLINE_MS, work, () => body.stop()).catch((error: unknown) => {
      late = true
      return respond(refuse(handling, error))
    })
  }

  return {
    hasSecret: check !== undefined,
    handle: (handling) => (context) => serve(handling, context),
  }
}

/** An answer as a response. */
export function respond({ status, body, headers = {} }: Answer): Response {
  return new Response(body === '' ? null : body, { status, headers })
}
