// types.ts
import { command, defineDeviceType } from 'devicehub'
import * as v from 'valibot'

export const climate = defineDeviceType('climate', {
  data: v.object({ temperature: v.number(), humidity: v.number() }), // °C and %
})

export const valve = defineDeviceType('valve', {
  data: v.object({ litres: v.number() }), // since it was last opened
  commands: {
    open: command({
      payload: v.object({ seconds: v.pipe(v.number(), v.minValue(1), v.maxValue(600)) }),
      reply: v.object({ seconds: v.number() }),
    }),
  },
})

export const types = [climate, valve]
