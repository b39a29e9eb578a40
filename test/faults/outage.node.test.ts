/**
 * The network and the broker fail in the middle of 50,000 messages of QoS 1. Every message that the
 * broker has acknowledged to its publisher is handled at least once, unless the broker itself lost it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { mosquittoClientsMissing } from '../support/mosquitto-clients.ts'
import { collectControl, leaveControl } from './control.ts'
import { network } from './network.ts'
import { hubAt, publishThrough, tell } from './scenario.ts'
import { ALL, MESSAGES, SAVED_NOW_AND_THEN, SEEDED, startSite, untilHandled } from './site.ts'
import { filter } from './types.ts'

describe(`every acknowledged message is handled ${SEEDED}`, {
  skip: mosquittoMissing,
  timeout: 900_000,
}, () => {
  test('while the network is cut or falls silent, and heals', async (t) => {
    await using site = await startSite()
    await using toHub = await network(site.mosquitto.port)
    await using toPublisher = await network(site.mosquitto.port)
    await using hub = hubAt(site, toHub.url, { keepalive: 2 })
    await hub.start()
    await publishThrough(toPublisher.url, 'network', async (turn) => {
      const failing = [[toHub], [toPublisher], [toHub, toPublisher], [toHub], [toPublisher]][turn]!
      const before = failing.map((one) => one.connections)
      for (const one of failing) {
        // Silence takes the hub its keepalive to notice; the broker has the old connection then.
        if (turn === 3) one.silence()
        else one.cut()
      }
      for (const [i, one] of failing.entries()) {
        // Until somebody has come in vain.
        while (one.connections === before[i])
          await new Promise((resolve) => setTimeout(resolve, 20))
        one.heal()
      }
    })
    tell(t, [hub], await untilHandled(ALL, [site.log('hub')]))
  })

  test('while the broker is stopped and started again', async (t) => {
    await using site = await startSite()
    await using hub = hubAt(site, site.mosquitto.url)
    await hub.start()
    await publishThrough(site.mosquitto.url, 'broker', async () => {
      await site.mosquitto.halt()
      await site.mosquitto.restart()
    })
    tell(t, [hub], await untilHandled(ALL, [site.log('hub')]))
  })
})

describe(`where the broker itself is killed ${SEEDED}`, {
  skip: mosquittoMissing || mosquittoClientsMissing,
  timeout: 900_000,
}, () => {
  test('what it has not lost is handled, and whatever was acknowledged to it', async (t) => {
    await using site = await startSite(SAVED_NOW_AND_THEN)
    const { mosquitto } = site
    await using toHub = await network(mosquitto.port)
    await using hub = hubAt(site, toHub.url)
    await hub.start()
    await leaveControl(mosquitto.port, filter)
    // So that the sessions are saved, and what follows is the loss of messages alone.
    await mosquitto.halt()
    await mosquitto.restart()
    await publishThrough(mosquitto.url, 'killed broker', async () => {
      await mosquitto.kill()
      await mosquitto.restart()
    })
    // What has waited in the broker all the time for somebody else, who took no part.
    const kept = (await collectControl(mosquitto.port, filter)).map(readSequence)
    assert.ok(kept.length > 0)
    const handled = await untilHandled([...new Set(kept)], [site.log('hub')])
    const acknowledged = [...toHub.acknowledged].map(readSequence)
    assert.ok(acknowledged.length > 0)
    assert.deepEqual(
      acknowledged.filter((sequence) => !handled.has(sequence)),
      [],
    )
    t.diagnostic(
      `${MESSAGES - new Set(kept).size} of ${MESSAGES} were lost by the broker, ${MESSAGES - handled.size} of them before the hub had them`,
    )
    tell(t, [hub], handled)
  })
})

function readSequence(payload: string): number {
  return JSON.parse(payload).sequence
}
