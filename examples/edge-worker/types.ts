/**
 * The device types of this site.
 *
 * @module
 */
import { command, defineDeviceType } from 'devicehub'
import * as v from 'valibot'

const rpm = v.object({ rpm: v.pipe(v.number(), v.minValue(0), v.maxValue(3_000)) })

/** A pump, that is told how fast to run. */
export const pump = defineDeviceType('pump', {
  data: rpm,
  commands: { run: command({ payload: rpm }) },
})
