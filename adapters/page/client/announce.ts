/**
 * What is said to whoever listens rather than looks.
 *
 * @module
 */
import { signal } from '@preact/signals'

/** The last that was said. */
export const announcement = signal('')

/** Says something. */
export function announce(text: string): void {
  // The same text again is no change, and would not be read.
  announcement.value = announcement.value === text ? `${text}\u00a0` : text
}
