/**
 * What the server of the bench and those who ask it have in common.
 *
 * @module
 */

export const DEVICES = 100_000
export const SECRET = 'broker-secret-0123456789'
export const PASSWORD: string = `dhs_${'1'.repeat(64)}`
/** How many devices have a password from Django. */
export const SLOW_USERS = 1_000
/** With the rounds that Django 6.0 begins with. No password is right, so that none is remembered. */
export const DJANGO_HASH =
  'pbkdf2_sha256$1200000$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='

export function deviceId(i: number): string {
  return `STATION-${String(i).padStart(6, '0')}`
}

/** The user name of a device with a password from Django. */
export function djangoUsername(i: number): string {
  return `pump/django-${i}`
}
