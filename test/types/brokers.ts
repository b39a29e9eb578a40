/**
 * The brokers that device types name and those that a hub is given. Each `@ts-expect-error` names the
 * error that the next line must have; `test/package/types.node.test.ts` checks that it is that one.
 *
 * @module
 */
import {
  type Broker,
  createFleet,
  createHub,
  type DeviceType,
  defineDeviceType,
  type Fleet,
  memoryBroker,
  memoryStore,
} from 'devicehub'
import * as v from 'valibot'
import { meter, same } from './fixture.ts'

const node = defineDeviceType('node', { data: v.object({ rssi: v.number() }), broker: 'lorawan' })
same<typeof node.broker, 'lorawan'>()
same<typeof meter.broker, 'default'>()

const fleet = createFleet({ types: [meter, node], store: memoryStore() })
const one = memoryBroker()
createHub(fleet, { brokers: { default: one, lorawan: one } })
// One more than is named does no harm.
createHub(fleet, { brokers: { default: one, lorawan: one, spare: one } })

// @ts-expect-error TS2322: no broker "lorawan"
createHub(fleet, { brokers: { default: one } })

// @ts-expect-error TS2322: a misspelt broker in the fleet or here
createHub(fleet, { brokers: { default: one, lora: one } })

// @ts-expect-error TS2322: no broker
createHub(fleet, { brokers: { default: one, lorawan: 'mqtt://localhost' } })

// What the compiler does not know is checked while running.
declare const named: Readonly<Record<string, Broker>>
createHub(fleet, { brokers: named })
declare const types: readonly DeviceType[]
createHub(createFleet({ types, store: memoryStore() }), { brokers: { default: one } })
declare const any: Fleet
createHub(any, { brokers: { default: one } })
export const plain: Fleet = fleet
