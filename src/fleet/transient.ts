/**
 * Logins that were not let in and may be right: what a broker is told of them must not be read as a
 * wrong password.
 *
 * @module
 */
import type { LoginDenial } from './fleet.ts'

const TRANSIENT: readonly LoginDenial[] = ['busy', 'throttled']

/** Whether a denial says nothing about the login itself: the same one may succeed later. */
export function isTransient(code: LoginDenial): boolean {
  return TRANSIENT.includes(code)
}
