/**
 * The hub, the network and the broker fail in the middle of 50,000 messages of QoS 1. Every message that
 * the broker has acknowledged to its publisher is handled at least once.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { HubHost } from './hub-host.ts'
import { network } from './network.ts'
import { Publisher } from './publisher.ts'
import {
  allHandled,
  countDuplicates,
  faultMarks,
  MEMORY_BOUND,
  MESSAGES,
  readHandled,
  SEEDED,
  type Site,
  startSite,
} from './site.ts'

/** What came of a scenario goes to the report. */
function tell(t: TestContext, hubs: readonly HubHost[], handled: Map<number, number>): void {
  const most = Math.max(...hubs.map(({ mostMemory }) => mostMemory))
  t.diagnostic(
    `${countDuplicates(handled)} of ${MESSAGES} came more than once; most memory of a hub ${Math.round(most / 2 ** 20)} MiB`,
  )
  assert.ok(most < MEMORY_BOUND, `a hub used ${most} bytes`)
}

/** Publishes all, and breaks something when so many are acknowledged. */
async function publishThrough(
  publisher: Publisher,
  title: string,
  fault: (turn: number) => Promise<void>,
): Promise<void> {
  await publisher.connect()
  const publishing = publisher.publish(MESSAGES)
  for (const [turn, mark] of faultMarks(title).entries()) {
    await publisher.reach(mark)
    await fault(turn)
  }
  await publishing
  assert.equal(publisher.acknowledged, MESSAGES)
  await publisher.close()
}

function hubAt(site: Site, url: string, name = 'hub', shareName?: string): HubHost {
  const share = shareName === undefined ? {} : { shareName }
  // A while, so that there are always messages in the middle of it.
  return new HubHost({ url, clientId: name, log: site.log(name), handlerTime: 5, ...share })
}

describe(`every acknowledged message is handled ${SEEDED}`, {
  skip: mosquittoMissing,
  timeout: 900_000,
}, () => {
  test('while the hub is killed and started again', async (t) => {
    await using site = await startSite()
    const hub = hubAt(site, site.mosquitto.url)
    await hub.start()
    await publishThrough(new Publisher(site.mosquitto.url), 'hub', async () => {
      await hub.kill()
      await hub.start()
    })
    const handled = await allHandled([site.log('hub')])
    tell(t, [hub], handled)
    await hub.stop()
  })

  test('while the network is cut and healed', async (t) => {
    await using site = await startSite()
    await using toHub = await network(site.mosquitto.port)
    await using toPublisher = await network(site.mosquitto.port)
    const hub = hubAt(site, toHub.url)
    await hub.start()
    await publishThrough(new Publisher(toPublisher.url), 'network', async (turn) => {
      // Now one, now the other, now both.
      const cut = [[toHub], [toPublisher], [toHub, toPublisher]][turn % 3]!
      const before = cut.map((one) => one.connections)
      for (const one of cut) one.cut()
      for (const [i, one] of cut.entries()) {
        // Until somebody has come in vain.
        while (one.connections === before[i])
          await new Promise((resolve) => setTimeout(resolve, 20))
        one.heal()
      }
    })
    const handled = await allHandled([site.log('hub')])
    tell(t, [hub], handled)
    await hub.stop()
  })

  test('while the broker is stopped and started again', async (t) => {
    await using site = await startSite()
    const hub = hubAt(site, site.mosquitto.url)
    await hub.start()
    await publishThrough(new Publisher(site.mosquitto.url), 'broker', async () => {
      await site.mosquitto.halt()
      await site.mosquitto.restart()
    })
    const handled = await allHandled([site.log('hub')])
    tell(t, [hub], handled)
    await hub.stop()
  })

  for (const count of [2, 4]) {
    test(`by ${count} hubs of a share group, one of which is killed and comes back`, async (t) => {
      await using site = await startSite()
      const names = Array.from({ length: count }, (_, i) => `hub-${i}`)
      const hubs = names.map((name) => hubAt(site, site.mosquitto.url, name, 'workers'))
      for (const hub of hubs) await hub.start()
      await publishThrough(new Publisher(site.mosquitto.url), `share ${count}`, async (turn) => {
        const hub = hubs[turn % count]!
        await hub.kill()
        await hub.start()
      })
      const logs = names.map((name) => site.log(name))
      const handled = await allHandled(logs)
      tell(t, hubs, handled)
      for (const log of logs) assert.ok(readHandled([log]).size > 0, `${log} got nothing`)
      for (const hub of hubs) await hub.stop()
    })
  }
})

describe(`where the broker itself is killed ${SEEDED}`, {
  skip: mosquittoMissing,
  timeout: 900_000,
}, () => {
  test('what the hub has acknowledged is handled: the loss is the broker’s', async (t) => {
    await using site = await startSite()
    await using toHub = await network(site.mosquitto.port)
    const hub = hubAt(site, toHub.url)
    await hub.start()
    await publishThrough(new Publisher(site.mosquitto.url), 'killed broker', async () => {
      await site.mosquitto.kill()
      await site.mosquitto.restart()
    })
    await hub.stop()
    const handled = readHandled([site.log('hub')])
    const acknowledged = [...toHub.acknowledged].map((payload) => JSON.parse(payload).sequence)
    assert.ok(acknowledged.length > 0)
    assert.deepEqual(
      acknowledged.filter((sequence) => !handled.has(sequence)),
      [],
    )
    t.diagnostic(`${MESSAGES - handled.size} of ${MESSAGES} were lost by the broker`)
  })
})
