/**
 * `devicehub token`: issues a login that ends by itself.
 *
 * @module
 */
import { DeviceHubError } from '../../src/base/errors.ts'
import type { IssuedToken } from '../../src/credential/token.ts'
import type { AccessAction, AccessRule } from '../../src/rule/rule.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { jsonLine } from './json-line.ts'
import { print } from './output.ts'
import { requireSettings } from './settings/load.ts'

/** The options of the verb. */
export interface TokenVerbOptions {
  readonly config?: string
  /** Topic filters. */
  readonly publish?: readonly string[]
  readonly subscribe?: readonly string[]
  readonly attribute?: Readonly<Record<string, string>>
  /** Seconds. Default: 3,600. */
  readonly expiresIn?: number
  readonly subject?: string
  readonly json?: boolean
}

/**
 * Runs the verb. The password is printed, here and never again.
 *
 * @throws {CommandFailure} If the configuration has no fleet that others know the tokens of, or the token
 * cannot be issued.
 */
export async function token(options: TokenVerbOptions): Promise<void> {
  const { config, publish = [], subscribe = [], attribute, expiresIn, subject, json } = options
  const rules = [...rulesFor('publish', publish), ...rulesFor('subscribe', subscribe)]
  if (rules.length === 0) {
    throw misused('say what its holder may do: --publish FILTER, --subscribe FILTER, or both')
  }
  const { fleet, isFleetGiven } = await requireSettings(config)
  if (!isFleetGiven) {
    const why = 'a token is signed under the pepper of a fleet, or nobody else knows it'
    throw misused(`${why}: name the fleet by "fleet" in the configuration, in the place of "types"`)
  }
  let issued: IssuedToken
  try {
    issued = fleet.issueToken({
      rules,
      ...(attribute && { attributes: attribute }),
      ...(expiresIn !== undefined && { expiresIn }),
      ...(subject !== undefined && { subject }),
    })
  } catch (error) {
    throw explain(error)
  }
  const { username, password, expiresAt } = issued
  const expires = new Date(expiresAt).toISOString()
  if (json) return print(jsonLine({ username, password, expiresAt: expires }))
  await print(`user name  ${username}`)
  await print(`password   ${password}`)
  await print(`expires    ${expires}`)
}

function rulesFor(action: AccessAction, filters: readonly string[]): readonly AccessRule[] {
  return filters.map((filter) => ({ effect: 'allow', actions: [action], filter }))
}

function explain(error: unknown): unknown {
  if (!(error instanceof DeviceHubError)) return error
  const { key } = error as { readonly key?: unknown }
  if (key !== 'pepper') return misused(error.message, error)
  return misused(
    'the fleet has no pepper, under which tokens are signed: give createFleet the pepper that the routes have',
    error,
  )
}

function misused(problem: string, cause?: unknown): CommandFailure {
  return new CommandFailure(exitCode.misused, problem, { cause })
}
