/**
 * The device types of the example: one over MQTT, one over CoAP.
 *
 * @module
 */
import { command, defineDeviceType } from 'devicehub'
import * as v from 'valibot'

export const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
})

export const soilSensor = defineDeviceType('soilsensor', {
  data: v.object({ moisture: v.number() }),
  commands: {
    setInterval: command({
      payload: v.object({ seconds: v.number() }),
      reply: v.object({ seconds: v.number() }),
    }),
  },
  broker: 'field',
})
