/**
 * The MQTT adapter keeps the contract on Mosquitto: over every transport, and with MQTT 3.1.1 as far
 * as that goes. Runs on every runtime.
 *
 * @module
 */
import { test } from 'node:test'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { contractTitle, TRANSPORTS } from './cells.ts'
import { conformsOverAll, losable } from './matrix.ts'
import { conforms } from './run.ts'

if (mosquittoMissing) {
  for (const over of [...TRANSPORTS, 'MQTT 3.1.1']) {
    test(contractTitle(`Mosquitto and ${over}`), { skip: mosquittoMissing })
  }
} else {
  const configOf = conformsOverAll('Mosquitto')
  const noProperties = 'MQTT 3.1.1 has no message properties'
  const noShare = 'MQTT 3.1.1 has no shared subscriptions'
  conforms(
    'Mosquitto and MQTT 3.1.1',
    {
      open: (options) => mqtt({ ...configOf('TCP'), protocolVersion: 4, ...options }),
      openLosable: () => losable({ ...configOf('TCP'), protocolVersion: 4 as const }, mqtt),
    },
    {
      'delivery: user properties arrive, with one value and with several': noProperties,
      'delivery: correlation data, response topic and content type arrive': noProperties,
      'delivery: a message with an expiry arrives before that': noProperties,
      'subscriptions: members of a share group get each message once among them': noShare,
      'subscriptions: a subscription that is not shared gets every message beside a share group':
        noShare,
    },
  )
}
