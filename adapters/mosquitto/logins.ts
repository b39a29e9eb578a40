/**
 * Every login of a fleet, page by page.
 *
 * @module
 */
import type { BrokerAccount } from '../../src/fleet/broker-account.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'

const PAGE = 500

/** First the service accounts, then the devices that may log in, a page of the store at a time. */
export async function* readLogins(fleet: Fleet): AsyncGenerator<readonly BrokerAccount[]> {
  yield fleet.serviceAccounts()
  for (let cursor: string | undefined; ; ) {
    const page = await fleet.list({ limit: PAGE, ...(cursor !== undefined && { cursor }) })
    yield page.records.flatMap((record) => fleet.brokerAccount(record) ?? [])
    cursor = page.cursor
    if (cursor === undefined) return
  }
}
