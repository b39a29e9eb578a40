/**
 * Reading what a broker tells of itself, which may be a broker of anybody's making.
 *
 * @module
 */
import type { Broker, BrokerStatus } from './broker.ts'

/**
 * The statuses of a broker, each checked to be one. Asks for them when the first is asked for.
 *
 * @throws {TypeError} If one is none. Whatever the broker throws.
 */
export async function* readStatuses(
  broker: Pick<Broker, 'status'>,
): AsyncGenerator<BrokerStatus, void, void> {
  for await (const status of broker.status()) {
    const problem = findProblem(status)
    if (problem !== undefined) throw new TypeError(`A status of the broker ${problem}`)
    yield status
  }
}

function findProblem(status: unknown): string | undefined {
  if (!isObject(status)) return 'is no object'
  const { kind, error, capabilities, attempt, delay } = status
  switch (kind) {
    case 'connected':
      return isObject(capabilities) ? undefined : 'has no "capabilities", though it is "connected"'
    case 'disconnected':
    case 'closed':
      return error === undefined || isError(error) ? undefined : 'has an "error" that is none'
    case 'error':
      return isError(error) ? undefined : 'has no "error", though it is one'
    case 'reconnect-failed':
      if (!isError(error)) return 'has no "error", though a reconnect failed'
      return isCount(attempt) && isCount(delay)
        ? undefined
        : 'has no "attempt" or "delay", though a reconnect failed'
    default:
      return 'is of no "kind" that there is'
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Also one of another realm, which is no instance of this one's `Error`. */
function isError(value: unknown): boolean {
  return isObject(value) && typeof value.message === 'string'
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < Infinity
}
