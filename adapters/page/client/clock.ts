/**
 * The time by the server's clock: ages are taken from it, since the browser's own may be wrong.
 *
 * @module
 */
import { signal } from '@preact/signals'

let offset = 0
/** Milliseconds that the time shown may be behind. */
const MAX_LAG = 1_500

/** Now, in milliseconds since the Unix epoch: moves on once a second while the page is seen. */
export const now = signal(Date.now())

/** The server told what time it is. */
export function setTime(at: number): void {
  offset = at - Date.now()
  // It moves by itself: once more for each event would draw all ages twice.
  if (Math.abs(at - now.peek()) > MAX_LAG) now.value = at
}

/** Keeps {@link now} going. */
export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now() + offset
  }, 1_000)
}

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
]

/** How long ago something was, such as `5 min ago`. */
export function ageText(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 1) return 'now'
  return `${spanText(seconds)} ago`
}

/** A span of time by its largest unit, such as `5 min`. */
export function spanText(seconds: number): string {
  const [size, name] = UNITS.find(([each]) => seconds >= each) ?? [1, 's']
  return `${Math.floor(seconds / size)} ${name}`
}

const DAY_AND_TIME = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'medium',
})
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

/** The day and the time, in the words of whoever looks. */
export function dateText(at: number): string {
  return DAY_AND_TIME.format(at)
}

/** The time of a day alone. */
export function timeText(at: number): string {
  return TIME.format(at)
}
