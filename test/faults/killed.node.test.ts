/**
 * Hubs are killed in the middle of 50,000 messages of QoS 1. Every message that the broker has
 * acknowledged to its publisher is handled at least once.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { hubAt, publishThrough, tell } from './scenario.ts'
import { ALL, readHandled, SEEDED, startSite, untilHandled } from './site.ts'

describe(`every acknowledged message is handled ${SEEDED}`, {
  skip: mosquittoMissing,
  timeout: 900_000,
}, () => {
  test('while the hub is killed and started again', async (t) => {
    await using site = await startSite()
    await using hub = hubAt(site, site.mosquitto.url)
    await hub.start()
    await publishThrough(site.mosquitto.url, 'hub', async () => {
      await hub.kill()
      await hub.start()
    })
    tell(t, [hub], await untilHandled(ALL, [site.log('hub')]))
  })

  for (const count of [2, 4]) {
    test(`by ${count} hubs of a share group, one of which is killed and comes back`, async (t) => {
      await using site = await startSite()
      const names = Array.from({ length: count }, (_, i) => `hub-${i}`)
      const hubs = names.map((clientId) =>
        hubAt(site, site.mosquitto.url, { clientId, shareName: 'workers' }),
      )
      try {
        for (const hub of hubs) await hub.start()
        await publishThrough(site.mosquitto.url, `share ${count}`, async (turn) => {
          const hub = hubs[turn % count]!
          await hub.kill()
          await hub.start()
        })
        const logs = names.map((name) => site.log(name))
        tell(t, hubs, await untilHandled(ALL, logs))
        for (const log of logs) assert.ok(readHandled([log]).size > 0, `${log} got nothing`)
      } finally {
        await Promise.all(hubs.map((hub) => hub.stop()))
      }
    })
  }
})
