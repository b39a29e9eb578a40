/**
 * A fleet whose rules grant something on every route.
 *
 * @module
 */
import * as v from 'valibot'
import { createFleet, defineDeviceType, type Fleet, memoryStore } from '../../../src/index.ts'
import type { Client, Packet } from './language.ts'

const pump = defineDeviceType('pump', {
  data: v.object({}),
  rules: [
    { effect: 'allow', actions: ['publish', 'subscribe'], filter: 'both/#' },
    { effect: 'allow', actions: ['publish'], filter: 'audit/{clientId}' },
    { effect: 'allow', actions: ['publish'], filter: 'logs/{deviceId}/#', maxQos: 1 },
    { effect: 'allow', actions: ['publish'], filter: 'state/{deviceId}', retain: true },
    { effect: 'allow', actions: ['subscribe'], filter: 'both/#', share: 'crew' },
    { effect: 'deny', actions: ['publish', 'subscribe'], filter: 'both/secret/#' },
  ],
})

const DATA = 'things/pump/P-1/data'

/** What is asked for: most of it is granted where the broker tells enough. */
const PACKETS: readonly Packet[] = [
  { action: 'publish', topic: DATA, qos: 1, retain: false },
  { action: 'publish', topic: 'both/x', qos: 0, retain: true },
  { action: 'publish', topic: 'audit/c-1', qos: 2, retain: false },
  { action: 'publish', topic: 'logs/P-1/x', qos: 1, retain: false },
  { action: 'publish', topic: 'state/P-1', qos: 0, retain: true },
  { action: 'subscribe', filters: [{ filter: 'things/pump/P-1/cmd', qos: 1 }] },
  { action: 'subscribe', filters: [{ filter: 'both/a/+', qos: 1 }] },
  { action: 'subscribe', filters: [{ filter: '$share/crew/both/a/#', qos: 1 }] },
  {
    action: 'subscribe',
    filters: [
      { filter: 'both/a/#', qos: 0 },
      { filter: 'both/b/+', qos: 1 },
    ],
  },
  {
    action: 'subscribe',
    filters: [
      { filter: 'both/a', qos: 1 },
      { filter: 'both/secret/b', qos: 1 },
      { filter: 'both/c', qos: 2 },
    ],
  },
]

/** A fleet, one of its devices, and what it may do. */
export interface Known {
  readonly fleet: Fleet
  readonly client: Client
  readonly packets: readonly Packet[]
}

export async function knownFleet(): Promise<Known> {
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  const { username, password } = await fleet.provision(pump, 'P-1')
  return { fleet, client: { username, password, clientId: 'c-1' }, packets: PACKETS }
}
