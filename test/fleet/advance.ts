/**
 * The wall clock of a test, set ahead. It is right again after each test.
 *
 * @module
 */
import { afterEach } from 'node:test'

const realNow = Date.now
afterEach(() => {
  Date.now = realNow
})

/** Stops the clock that many milliseconds ahead of where it is. */
export function advance(ms: number): void {
  const now = Date.now() + ms
  Date.now = () => now
}
