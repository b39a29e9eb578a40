/**
 * `devicehub token revoke`: revokes the tokens of a subject, through a running service.
 *
 * @module
 */
import { openService } from './devices/open.ts'
import { Refusal } from './devices/operated.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { jsonLine } from './json-line.ts'
import { print } from './output.ts'

/** The options of the verb. */
export interface TokenRevokeOptions {
  /** Where the service has the routes of `devicehub/admin`. */
  readonly url: string
  readonly secretFile?: string
  readonly json?: boolean
}

/**
 * Runs the verb. It goes through a service alone: what a program of its own revokes reaches others by keys
 * and feeds, which it may not have.
 *
 * @throws {CommandFailure} If they are not revoked, or sessions of them may go on.
 */
export async function revokeTokens(subject: string, options: TokenRevokeOptions): Promise<void> {
  const { url, secretFile, json } = options
  const service = await openService(url, secretFile)
  try {
    const { username, done, failed } = await service.revokeTokens(subject)
    if (json) await print(jsonLine({ username, done, failed }))
    else {
      await print(`revoked    ${username}`)
      for (const name of done) await print(`done       ${name}`)
    }
    if (failed.length === 0) return
    const names = failed.map(({ name, problem }) => `${name}: ${problem}`).join('; ')
    throw new CommandFailure(exitCode.failed, `revoked, but sessions may go on: ${names}`)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new CommandFailure(exitCode.misused, error.message, { cause: error })
  } finally {
    service.close()
  }
}
