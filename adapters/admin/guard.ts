/**
 * Who is let in: by the application's own check, or by a secret.
 *
 * @module
 */
import type { Context } from 'hono'
import { equalConstantTime } from '../../src/base/constant-time.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { isForeignPage } from '../../src/base/own-page.ts'
import { FOREIGN_PAGE } from '../../src/base/problem.ts'
import { checkOperator, type Operator } from './operator.ts'
import { ProblemError } from './problem.ts'

/** Who may ask: one of the two. */
export type AdminAccess =
  | {
      /**
       * The application's own check, such as of its session: who asks, or `undefined` for nobody. Where it
       * reads a cookie, what comes from pages of other origins is refused before it is asked.
       */
      readonly authorize: (
        request: Request,
        context: Context,
      ) => Operator | undefined | Promise<Operator | undefined>
    }
  | {
      /**
       * What is sent as `Authorization: Bearer <secret>`, at least 32 characters of printable ASCII: whoever
       * has it may do everything, as the operator `secret`.
       */
      readonly secret: string
    }

/** Finds out who asks. @throws {ProblemError} If nobody that is let in. */
export type Guard = (context: Context) => Promise<Operator>

const MIN_SECRET_LENGTH = 32
const SECRET = /^[\x21-\x7e]+$/

/** Makes it. @throws {ConfigError} If there is neither a check nor a secret, or both, or it is too short. */
export function guardOf(access: AdminAccess): Guard {
  const { authorize, secret } = access as { authorize?: unknown; secret?: unknown }
  if (authorize !== undefined && secret !== undefined) {
    throw new ConfigError('secret', 'cannot be given beside authorize: choose one of them')
  }
  if (secret !== undefined) return bySecret(secret)
  if (typeof authorize !== 'function') {
    throw new ConfigError('authorize', 'must be a function, or a secret be given in its place')
  }
  const check = applicationCheck(authorize as ApplicationCheck)
  return async (context) => {
    if (isForeignPage(context.req.raw)) {
      throw new ProblemError(FOREIGN_PAGE.status, FOREIGN_PAGE.code, FOREIGN_PAGE.detail)
    }
    return check(context)
  }
}

type ApplicationCheck = (request: Request, context: Context) => unknown

/** By the application's check alone: for what holds nothing, and may be come to from anywhere. */
export function applicationCheck(authorize: ApplicationCheck): Guard {
  return async (context) => {
    const operator = await authorize(context.req.raw, context)
    if (operator === undefined) throw nobody()
    return checkOperator(operator)
  }
}

function bySecret(secret: unknown): Guard {
  if (typeof secret !== 'string' || secret.length < MIN_SECRET_LENGTH || !SECRET.test(secret)) {
    const form = `at least ${MIN_SECRET_LENGTH} characters of printable ASCII without spaces`
    throw new ConfigError('secret', `must have ${form}`)
  }
  return async ({ req }) => {
    const sent = /^Bearer +(.+)$/i.exec(req.header('authorization') ?? '')?.[1] ?? ''
    if (!equalConstantTime(sent, secret)) throw nobody()
    return { name: 'secret' }
  }
}

function nobody(): ProblemError {
  return new ProblemError(401, 'operator-unknown', 'Whoever asks is not known here')
}
