/**
 * The device types of the demonstration: what a team declares once, and the server and the
 * simulated devices share.
 *
 * @module
 */
import { command, defineDeviceType } from 'devicehub'
import * as v from 'valibot'

export const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({
    temperature: v.pipe(v.number(), v.minValue(-60), v.maxValue(60)),
    humidity: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
  }),
  commands: {
    setInterval: command({
      payload: v.object({ seconds: v.pipe(v.number(), v.minValue(0.5), v.maxValue(3600)) }),
      reply: v.object({ seconds: v.number() }),
    }),
  },
})

export const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.pipe(v.number(), v.minValue(0)), bar: v.number() }),
  heartbeat: 60,
})

export const types = [weatherStation, pump]
