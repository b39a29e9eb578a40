/**
 * The client for pages keeps the contract on Mosquitto and on the embedded broker. Runs on every runtime:
 * where there is no WebSocket, as on Node 20, one of the `ws` package takes its place.
 *
 * @module
 */
import { type BrowserBrokerOptions, browserBroker } from '../../adapters/browser/index.ts'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { BROKERS, exceptions, notShared } from './cells.ts'
import { losable, startedFor } from './matrix.ts'
import { conforms } from './run.ts'

if (!globalThis.WebSocket) {
  const { WebSocket } = await import('ws')
  Object.assign(globalThis, { WebSocket })
}

for (const broker of BROKERS) {
  if (broker === 'Mosquitto' && mosquittoMissing) continue
  const configOf = startedFor(broker)
  const config = () => configOf('WS') as object as BrowserBrokerOptions
  conforms(
    `devicehub/browser on ${broker}`,
    {
      open: (options) => browserBroker({ ...config(), ...options }),
      openLosable: () => losable(config(), browserBroker),
    },
    { ...exceptions[broker], ...notShared },
  )
}
