/**
 * Whether the clock of the routes goes as the one here: tokens and passwords begin and end by it.
 *
 * @module
 */
import type { Report } from '../report.ts'
import type { OnDate } from '../routes.ts'

/** Seconds that nobody minds. */
const TOLERANCE = 60

/** Reads the header `Date` of whatever answers. */
export function clockReader(report: Report): OnDate {
  return (date, sentAt, cameAt) => {
    const told = Date.parse(date ?? '')
    if (Number.isNaN(told)) return
    // It was written some time in between, and is cut to whole seconds.
    const early = (told - cameAt) / 1000
    const late = (told + 1000 - sentAt) / 1000
    report.clockOffset = early > 0 ? early : Math.min(late, 0)
  }
}

/** Makes the check, after the routes were asked. */
export async function checkClock(report: Report): Promise<void> {
  const { clockOffset } = report
  if (clockOffset === undefined) {
    return report.skip('clock', 'clock', 'nothing told the time: --routes URL names what does')
  }
  await report.check('clock', 'clock', (found) => {
    if (Math.abs(clockOffset) <= TOLERANCE) return
    const how = `${Math.round(Math.abs(clockOffset))} s ${clockOffset > 0 ? 'ahead of' : 'behind'}`
    found(
      'clock-off',
      `that of the routes is ${how} the one here: tokens and passwords begin and end by it`,
      'set both by NTP (timedatectl set-ntp true)',
    )
  })
}
