/**
 * A fleet for the type tests. It is compiled, never run.
 *
 * @module
 */
import {
  command,
  createFleet,
  createHub,
  defineDeviceType,
  memoryBroker,
  memoryStore,
} from 'devicehub'
import * as v from 'valibot'

export const station = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number(), humidity: v.optional(v.number()) }),
  status: v.object({ battery: v.number() }),
  commands: {
    reboot: command(),
    setInterval: command({
      payload: v.object({ interval: v.number() }),
      reply: v.object({
        interval: v.number(),
        since: v.pipe(
          v.string(),
          v.transform((s) => new Date(s)),
        ),
      }),
    }),
    selfTest: command({ reply: v.object({ passed: v.boolean() }) }),
    blink: command({ payload: v.object({ times: v.optional(v.number(), 1) }) }),
  },
})

/** Declares only what it must. */
export const meter = defineDeviceType('meter', { data: v.object({ watts: v.number() }) })

export const fleet = createFleet({ types: [station, meter], store: memoryStore() })
export const hub = createHub(fleet, { brokers: { default: memoryBroker() } })

/** Compiles only if both types are the same, neither wider nor narrower. */
export function same<A, B>(..._proof: Same<A, B> extends true ? [] : ['the types differ']): void {}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
