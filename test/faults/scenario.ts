/**
 * A scenario: hubs, a publisher of numbered messages, and what fails meanwhile.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { HubHost } from './hub-host.ts'
import { Publisher } from './publisher.ts'
import { countDuplicates, faultMarks, GROWTH, MESSAGES, type Site } from './site.ts'
import type { HubTask } from './types.ts'

/** What came of a scenario goes to the report. */
export function tell(t: TestContext, hubs: readonly HubHost[], handled: Map<number, number>): void {
  const growth = Math.max(...hubs.map((hub) => hub.growth))
  t.diagnostic(
    `${countDuplicates(handled)} of ${MESSAGES} came more than once; a hub grew by ${Math.round(growth / 2 ** 20)} MiB`,
  )
  assert.ok(growth < GROWTH, `a hub grew by ${growth} bytes`)
}

/** Publishes all, and breaks something when so many are acknowledged. */
export async function publishThrough(
  url: string,
  title: string,
  fault: (turn: number) => Promise<void>,
): Promise<void> {
  await using publisher = new Publisher(url)
  await publisher.connect()
  const publishing = publisher.publish(MESSAGES)
  for (const [turn, mark] of faultMarks(title).entries()) {
    await publisher.reach(mark)
    await fault(turn)
  }
  await publishing
  assert.equal(publisher.acknowledged, MESSAGES)
}

/** A hub that is yet to be started. */
export function hubAt(site: Site, url: string, more: Partial<HubTask> = {}): HubHost {
  const clientId = more.clientId ?? 'hub'
  // A while, so that there are always messages in the middle of it.
  return new HubHost({ url, clientId, log: site.log(clientId), handlerTime: 5, ...more })
}
