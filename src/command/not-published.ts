/**
 * What it means for a command that its message was not published.
 *
 * @module
 */
import { BrokerError, CommandError, type CommandErrorCode, toError } from '../base/errors.ts'
import { AccessDeniedError } from '../rule/access-denied.ts'

/**
 * The error of a command whose publish was rejected.
 *
 * @param device As `{type}/{deviceId}`.
 * @param sender Who sends it, such as `this hub`.
 */
export function notPublished(
  error: unknown,
  device: string,
  command: string,
  sender: string,
): CommandError {
  const fail = (code: CommandErrorCode, problem: string) =>
    new CommandError(code, device, command, problem, { cause: error })
  const code = error instanceof BrokerError ? error.code : undefined
  if (code === 'ERR_BROKER_NOT_AUTHORIZED') {
    const isOurs = error instanceof AccessDeniedError
    const problem = isOurs ? error.message : `the broker does not let ${sender} send it`
    return fail('ERR_COMMAND_NOT_AUTHORIZED', problem)
  }
  if (code === 'ERR_BROKER_TIMEOUT' || code === 'ERR_BROKER_CONNECTION_LOST') {
    return fail('ERR_COMMAND_TIMED_OUT', 'the broker did not say whether it took the command')
  }
  return fail('ERR_COMMAND_NOT_SENT', `it was not sent: ${toError(error).message}`)
}
