/**
 * Requests that the routes of EMQX 5 are closed to.
 *
 * @module
 */
import { SECRET } from '../fixture.ts'

export const STATION = 'weatherstation/STATION-001'
/** A question that is granted. */
export const ACCESS = { username: STATION, topic: `things/${STATION}/data`, action: 'publish' }
/** A password that is wrong. */
export const PASSWORD = 'p4ssw0rd-in-the-body'
/** Every one of them is denied. */
export const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'] as const

/** The `Authorization` header, and whether it is the right one. */
export const secrets: readonly [string, string | undefined, boolean][] = [
  ['the secret', `Bearer ${SECRET}`, true],
  ['a scheme in lower case', `bearer ${SECRET}`, true],
  ['no header', undefined, false],
  ['an empty header', '', false],
  ['the scheme alone', 'Bearer', false],
  ['an empty secret', 'Bearer ', false],
  ['another secret', 'Bearer another-secret-0123456789', false],
  ['the beginning', `Bearer ${SECRET.slice(0, -1)}`, false],
  ['the secret and more', `Bearer ${SECRET}x`, false],
  ['the secret twice', `Bearer ${SECRET}${SECRET}`, false],
  ['another case', `Bearer ${SECRET.toUpperCase()}`, false],
  ['no scheme', SECRET, false],
  ['another scheme', `Basic ${SECRET}`, false],
  ['two schemes', `Bearer Bearer ${SECRET}`, false],
  ['a list', `Bearer x, Bearer ${SECRET}`, false],
]

const good = JSON.stringify({ username: STATION, password: PASSWORD })
const utf8 = new TextEncoder().encode(good)
const json = 'the body is not JSON in UTF-8'
const object = 'the body is not a JSON object'
/** A body that is denied on every path, and what the log says of a login with it. */
export const malformed: readonly [string, string | Uint8Array<ArrayBuffer> | null, string][] = [
  ['no body', null, json],
  ['an empty body', '', json],
  ['half of it', good.slice(0, -1), json],
  ['two of it', good + good, json],
  ['form fields', `username=${STATION}&password=${PASSWORD}`, json],
  ['the password alone', PASSWORD, json],
  ['deep nesting', '['.repeat(16_000), json],
  ['UTF-16', Uint8Array.from([...good].flatMap((c) => [c.charCodeAt(0), 0])), json],
  ['a broken character', Uint8Array.of(...utf8.slice(0, -2), 0xff, 0x22, 0x7d), json],
  ['an overlong character', Uint8Array.of(...utf8.slice(0, -2), 0xc0, 0xaf, 0x22, 0x7d), json],
  ['null', 'null', object],
  ['true', 'true', object],
  ['a number', '1', object],
  ['a text', JSON.stringify(PASSWORD), object],
  ['an array', `[${good}]`, object],
  ['nested fields', `{"body":${good}}`, 'credentials-missing, user name ""'],
  ['fields of the prototype', `{"__proto__":${good}}`, 'credentials-missing, user name ""'],
  ['a numeric user name', '{"username":1,"password":"x"}', '"username" is not a text'],
  ['an array for a user name', '{"username":["hub"],"password":"x"}', '"username" is not a text'],
  ['an object for a user name', '{"username":{},"password":"x"}', '"username" is not a text'],
  ['a boolean user name', '{"username":false,"password":"x"}', '"username" is not a text'],
  ['a numeric password', '{"username":"hub","password":1}', '"password" is not a text'],
  [
    'an object for a password',
    `{"username":"hub","password":{"$ne":"${PASSWORD}"}}`,
    '"password" is not a text',
  ],
  [
    'a numeric client id',
    `{"username":"hub","password":"${PASSWORD}","clientid":7}`,
    '"clientid" is not a text',
  ],
  [
    'a lone surrogate',
    `{"username":"\\ud800","password":"${PASSWORD}"}`,
    'principal-unknown, user name "\\ud800"',
  ],
]

/** Logins with the right password that are denied, since they give a field twice. */
export const twice = (password: string): readonly [string, string][] => [
  ['the password', `{"username":"${STATION}","password":"wrong","password":"${password}"}`],
  ['a field nobody reads', `{"username":"${STATION}","password":"${password}","x":1,"x":1}`],
  ['a field within', `{"username":"${STATION}","password":"${password}","x":[{"y":1,"y":2}]}`],
  ['an escaped name', `{"username":"${STATION}","password":"${password}","passw\\u006frd":"x"}`],
]

/** {@link ACCESS} as a body of so many bytes. */
export function padded(length: number): string {
  const empty = JSON.stringify({ ...ACCESS, pad: '' })
  return JSON.stringify({ ...ACCESS, pad: ' '.repeat(length - empty.length) })
}
