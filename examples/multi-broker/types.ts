/**
 * The device types of the example, each on the broker it names; the first on `default`.
 *
 * @module
 */
import { command, defineDeviceType } from 'devicehub'
import * as v from 'valibot'

const measurement = v.object({ temperature: v.number() })

export const weatherStation = defineDeviceType('weatherstation', { data: measurement })

export const loraNode = defineDeviceType('loranode', {
  data: measurement,
  commands: {
    setInterval: command({
      payload: v.object({ seconds: v.number() }),
      reply: v.object({ seconds: v.number() }),
    }),
  },
  broker: 'lorawan',
})

export const cloudSensor = defineDeviceType('cloudsensor', { data: measurement, broker: 'cloud' })

export const types = [weatherStation, loraNode, cloudSensor]
