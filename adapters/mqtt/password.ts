/**
 * The password of a connection, where a function gives it.
 *
 * @module
 */
import type { ResolvedBrokerConfig } from '../../src/broker/config.ts'
import { BrokerError } from '../../src/errors.ts'

/**
 * Reads it.
 *
 * @param signal Gives up. The promise rejects with its reason.
 * @throws {BrokerError} `ERR_BROKER_PASSWORD` if the function fails, or gives no text.
 */
export async function readPassword(
  { password }: ResolvedBrokerConfig,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (typeof password !== 'function') return password
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  try {
    const given: unknown = await Promise.race([aborted, call(password)])
    if (typeof given === 'string' && !given.includes('\0')) return given
    throw new BrokerError('ERR_BROKER_PASSWORD', 'The function of "password" gave no text')
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function call(password: () => unknown): Promise<unknown> {
  try {
    return await password()
  } catch (cause) {
    const message = 'The function of "password" failed'
    throw new BrokerError('ERR_BROKER_PASSWORD', message, { cause })
  }
}
