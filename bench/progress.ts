/**
 * What a bench is doing, for whoever waits for it.
 *
 * @module
 */

const started = performance.now()

/** Prints one line on standard error, with the seconds since the start. */
export function tell(text: string): void {
  const seconds = Math.round((performance.now() - started) / 1000)
  console.error(`${seconds.toString().padStart(4)} s  ${text}`)
}
