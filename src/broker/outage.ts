/**
 * What of an outage is worth a line in a log: a broker that is away for a night fails to be connected
 * thousands of times, and mostly for one reason.
 *
 * @module
 */
import type { BrokerStatus } from './broker.ts'

/**
 * Makes a filter for the statuses of one broker. It lets everything through but failed reconnects: of
 * these the first in an outage, the first with each further `code`, and each login that is refused.
 * Those come ever more slowly, and whoever can mend it should see that it goes on.
 */
export function outageFilter(): (status: BrokerStatus) => boolean {
  const told = new Set<unknown>()
  return (status) => {
    if (status.kind === 'connected') told.clear()
    if (status.kind !== 'reconnect-failed') return true
    const { code } = status.error as { readonly code?: unknown }
    if (code === 'ERR_BROKER_LOGIN_REFUSED') return true
    if (told.has(code)) return false
    told.add(code)
    return true
  }
}
