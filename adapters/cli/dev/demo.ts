/**
 * The fleet that `devicehub dev` shows where there is no configuration.
 *
 * @module
 */
import * as v from 'valibot'
import { command, defineDeviceType } from '../../../src/device/type.ts'
import type { Behaviour, Simulation } from './simulation.ts'

const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({
    temperature: v.pipe(
      v.number(),
      v.minValue(-60),
      v.maxValue(60),
      v.metadata({ title: 'Temperature', unit: '°C' }),
    ),
    humidity: v.pipe(
      v.number(),
      v.minValue(0),
      v.maxValue(100),
      v.metadata({ title: 'Humidity', unit: '%' }),
    ),
  }),
  commands: {
    setInterval: command({
      payload: v.object({
        seconds: v.pipe(v.number(), v.minValue(0.5), v.maxValue(3600), v.title('Interval')),
      }),
      reply: v.object({ seconds: v.number() }),
    }),
  },
})

const pump = defineDeviceType('pump', {
  data: v.object({
    rpm: v.pipe(v.number(), v.minValue(0), v.metadata({ title: 'Speed', unit: 'rpm' })),
    bar: v.pipe(v.number(), v.metadata({ title: 'Pressure', unit: 'bar' })),
  }),
  heartbeat: 60,
})

/** Two weather stations for each pump. */
export const demo: readonly Simulation[] = [
  {
    type: weatherStation,
    idPrefix: 'STATION',
    weight: 2,
    wrongData: { temperature: 'warm' },
    command: { name: 'setInterval', payload: { seconds: 0.5 } },
    behave: weatherStationBehaviour,
  },
  {
    type: pump,
    idPrefix: 'PUMP',
    weight: 1,
    wrongData: { rpm: 'fast' },
    command: undefined,
    behave: () => ({
      seconds: 1 + Math.random(),
      measure: () => ({ rpm: Math.round(1400 + Math.random() * 200), bar: between(2, 3) }),
      obey: () => undefined,
    }),
  },
]

function weatherStationBehaviour(): Behaviour {
  let seconds = 1 + Math.random()
  return {
    get seconds() {
      return seconds
    },
    measure: () => ({ temperature: between(18, 30), humidity: between(40, 70) }),
    obey(command, payload) {
      if (command !== 'setInterval') return undefined
      seconds = (payload as { seconds: number }).seconds
      return { seconds }
    },
  }
}

/** A number with one place behind the point. */
function between(least: number, most: number): number {
  return Math.round((least + Math.random() * (most - least)) * 10) / 10
}
