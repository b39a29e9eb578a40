/**
 * What the processes of a fault test share.
 *
 * @module
 */
import * as v from 'valibot'
import { defineDeviceType } from '../../src/index.ts'

export const sensor = defineDeviceType('sensor', { data: v.object({ sequence: v.number() }) })

/** How many devices the messages come from. */
export const DEVICES = 20
export const deviceId = (sequence: number): string => `S-${sequence % DEVICES}`
/** What all of them are published under. */
export const filter = 'things/sensor/+/data'
export const topicOf = (sequence: number): string => `things/sensor/${deviceId(sequence)}/data`

/** How a hub process is to run. It goes to the process as JSON. */
export interface HubTask {
  readonly url: string
  readonly clientId: string
  /** Where the sequence of each message is noted before it is acknowledged, a line for each. */
  readonly log: string
  /** The share group. Default: none. */
  readonly shareName?: string
  /** Milliseconds that a handler takes. Default: 0. */
  readonly handlerTime?: number
  readonly keepalive?: number
}

/** What a hub process ends with where it finds no broker at its start. */
export const UNREACHABLE = 3

/** What a hub process says, a line of JSON each. */
export type HubReport =
  | { readonly type: 'ready' }
  | { readonly type: 'memory'; readonly rss: number }
  | { readonly type: 'connected' | 'disconnected' }
