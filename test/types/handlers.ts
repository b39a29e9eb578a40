/**
 * What handlers of data and status messages receive. Each `@ts-expect-error` names the error that
 * the next line must have; `test/package/types.node.test.ts` checks that it is that one.
 *
 * @module
 */
import { hub, meter, same, station } from './fixture.ts'

hub.onData(station, ({ device, data, timestamp }) => {
  same<typeof data, { temperature: number; humidity?: number | undefined }>()
  same<typeof timestamp, Date | undefined>()
  same<typeof device.id, string>()

  // @ts-expect-error TS2339: the type declares no such field
  data.pressure

  // @ts-expect-error TS2322: a number is no string
  const text: string = data.temperature

  // @ts-expect-error TS18048: humidity may be missing
  data.humidity.toFixed(1)

  // @ts-expect-error TS2540: a device's id cannot be changed
  device.id = text
})

hub.onData(meter, ({ data }) => {
  same<typeof data, { watts: number }>()

  // @ts-expect-error TS2339: that is another type's field
  data.temperature
})

hub.onData(meter, (event) => {
  // @ts-expect-error TS2339: a data message has no status
  event.status
})

hub.onStatus(station, ({ status }) => {
  same<typeof status, { battery: number }>()

  // @ts-expect-error TS2339: the type declares its own status, not the default one
  status.firmware_version
})

hub.onStatus(meter, ({ status }) => {
  same<typeof status.battery_level, number | undefined>()
  same<typeof status.vendor, unknown>()

  // @ts-expect-error TS2322: the firmware's version is text
  const version: number | undefined = status.firmware_version
  return Promise.resolve(void version)
})

hub.onStatus(station, (event) => {
  // @ts-expect-error TS2339: a status message has no data
  event.data
})

// @ts-expect-error TS2345: a device type is a value, not its name
hub.onData('weatherstation', () => {})

// @ts-expect-error TS2322: what a handler returns is awaited, and used for nothing else
hub.onData(meter, ({ data }) => data.watts)
