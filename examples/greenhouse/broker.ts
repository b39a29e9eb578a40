// broker.ts
import type { Broker } from 'devicehub'
import { embeddedBroker } from 'devicehub/embedded'
import { dynamicSecurity } from 'devicehub/mosquitto'
import { mqtt } from 'devicehub/mqtt'
import { fleet } from './fleet.ts'

const hub = { username: 'hub', password: process.env.HUB_PASSWORD! }

/** Mosquitto, which is told who may do what. Settles when it knows. */
async function openMosquitto(): Promise<Broker> {
  const url = 'mqtt://localhost:1884' // not where devices connect
  const admin = { username: 'admin', password: process.env.ADMIN_PASSWORD! }
  const logger = { ...console, info() {} } // no line for each time that nothing was to be done
  const security = dynamicSecurity(fleet, { broker: mqtt({ url, ...admin }), logger })
  await security.start()
  // What add.ts writes is another process's change: it counts within 10 seconds.
  setInterval(() => security.reconcile().catch(console.error), 10_000)
  return mqtt({ url, ...hub })
}

/** A broker in this process, which asks the fleet. Settles when it listens. */
async function openEmbedded(): Promise<Broker> {
  await embeddedBroker(fleet, { port: 1883 })
  return mqtt({ url: 'mqtt://localhost:1883', ...hub })
}

/** Makes what the hub connects with. */
export const openBroker = process.env.BROKER === 'embedded' ? openEmbedded : openMosquitto
