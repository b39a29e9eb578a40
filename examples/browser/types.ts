/**
 * The device types, in one file that the server and the pages import.
 *
 * @module
 */
import { command, defineDeviceType } from 'devicehub'
import * as v from 'valibot'

const interval = v.object({ seconds: v.pipe(v.number(), v.minValue(1), v.maxValue(10)) })

export const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }), // °C
  commands: { setInterval: command({ payload: interval, reply: interval }) },
  heartbeat: 10, // seconds
})

/** The stations on record. Whoever signs in may watch and command the first. */
export const STATIONS = ['STATION-001', 'STATION-002'] as const
