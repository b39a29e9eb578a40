/**
 * `devicehub explain USER ACTION TOPIC`: says whether somebody may do something, and why.
 *
 * @module
 */
import process from 'node:process'
import { printable } from '../../src/base/quote.ts'
import type { AccessAction } from '../../src/rule/rule.ts'
import { CommandFailure, exitCode, firstLine } from './failure.ts'
import { jsonLine } from './json-line.ts'
import { print } from './output.ts'
import { openFleet, requireSettings } from './settings/load.ts'

/** The options of the verb. */
export interface ExplainOptions {
  readonly config?: string
  /** Default: 1. */
  readonly qos?: 0 | 1 | 2
  readonly retain?: boolean
  /** Under which client id it is connected. Default: none, so that no rule with `{clientId}` counts. */
  readonly clientId?: string
  /** Prints an object in the place of lines. */
  readonly json?: boolean
}

/**
 * Runs the verb. The exit code is 0 for what is allowed and 1 for what is denied, and 2 whenever that is
 * not known: no failure is taken for a denial.
 *
 * @throws {CommandFailure} If the configuration is wrong, or the store fails.
 */
export async function explain(
  username: string,
  action: AccessAction,
  topic: string,
  { config, qos = 1, retain = false, clientId, json = false }: ExplainOptions,
): Promise<void> {
  if (retain && action === 'subscribe') {
    throw new CommandFailure(exitCode.misused, '--retain: nothing is retained by a subscription')
  }
  const asked = { username, action, topic, qos, clientId, ...(action === 'publish' && { retain }) }
  const { effect, code, text, nearMisses } = await ask()
  if (json) await print(jsonLine({ effect, code, text, nearMisses }))
  else {
    await print(`effect: ${effect}`)
    await print(`code: ${code}`)
    await print(`text: ${printable(text)}`)
    for (const miss of nearMisses) await print(`near miss: ${miss.code}: ${printable(miss.text)}`)
  }
  if (effect === 'deny') process.exitCode = exitCode.denied

  async function ask() {
    try {
      const fleet = await openFleet(await requireSettings(config))
      return await fleet.explain(asked)
    } catch (error) {
      throw new CommandFailure(exitCode.misused, firstLine(error), { cause: error })
    }
  }
}
