/**
 * Every login of a fleet, page by page.
 *
 * @module
 */
import type { DeviceRecord } from '../../src/device/store.ts'
import type { BrokerAccount } from '../../src/fleet/broker-account.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'

const PAGE = 500

/** First the service accounts, then the devices that may log in, a page of the store at a time. */
export async function* readLogins(fleet: Fleet): AsyncGenerator<readonly BrokerAccount[]> {
  yield fleet.serviceAccounts()
  for (let after: DeviceRecord | undefined; ; ) {
    const records = await fleet.store.list({ limit: PAGE, ...(after && { after }) })
    yield records.flatMap((record) => fleet.brokerAccount(record) ?? [])
    after = records.at(-1)
    if (records.length < PAGE) return
  }
}
