/**
 * Questions that a broker might send, changed in one respect.
 *
 * @module
 */

import type { Draw } from '../../support/fuzz-seed.ts'
import type { Call } from './language.ts'

/** A name and a value as they are written: with quotes in JSON, escaped in a form. */
interface Entry {
  readonly name: string
  readonly value: string
}

const utf8 = new TextEncoder()
const LONG = 'x'.repeat(20_000)

/** What values become in JSON. `$` stands for what was there, without its quotes. */
const JSON_VALUES: readonly string[] = [
  'null',
  'true',
  'false',
  '""',
  '0',
  '1',
  '2',
  '3',
  '-0',
  '1.0',
  '1e0',
  '10e-1',
  '0x1',
  '01',
  '1e999',
  '-1',
  '"1"',
  '"2"',
  '"01"',
  '"1.0"',
  '" 1"',
  '"1e0"',
  '"\u0661"',
  '9'.repeat(400),
  'NaN',
  'Infinity',
  'undefined',
  '"undefined"',
  '"null"',
  '["$"]',
  '[["$"]]',
  '{"0":"$"}',
  '{"toString":"$"}',
  '{"__proto__":{"length":1}}',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"hasOwnProperty"',
  '"$\\u0000"',
  '"\\u0000$"',
  '"$\u0000"',
  '"$ "',
  '" $"',
  '"$\\n"',
  '"$\\t"',
  '"$\\u200b"',
  '"$\\u00ad"',
  '"$\\u0301"',
  '"\\ufeff$"',
  '"$\\ud800"',
  '"\\udc00$"',
  '"$\\ufffd"',
  '"$\ufffd"',
  '"$/"',
  '"/$"',
  '"$/#"',
  '"$/+"',
  '"+"',
  '"#"',
  '"*"',
  '"$,$"',
  '"$,#"',
  '"$,"',
  '"$\\"',
  '"$\\u12"',
  "'$'",
  '$',
  '"$" "$"',
  `"${LONG}"`,
  '"$$"',
  '"\\$"',
]

/** What values become in a form. */
const FORM_VALUES: readonly string[] = [
  '',
  '0',
  '1',
  '2',
  '3',
  '-1',
  '01',
  '1.0',
  '%31',
  '%32',
  '+1',
  'null',
  'undefined',
  '$%00',
  '%00$',
  '$\u0000',
  '$+',
  '+$',
  '$%20',
  '$%0a',
  '$%0D%0A',
  '$%e2%80%8b',
  '$%c2%ad',
  '$%ef%bf%bd',
  '$\ufffd',
  '$%ff',
  '$%c0%af',
  '$%ed%a0%80',
  '$%',
  '$%2',
  '$%zz',
  '$%u002f',
  '$%2f',
  '$%2F%23',
  '$%2F%2B',
  '%23',
  '%2B',
  '#',
  '$%26acc=4',
  '$&acc=4',
  '$;acc=4',
  '$=',
  '=$',
  '$%2C$',
  '$,%23',
  '["$"]',
  LONG,
  '$$',
]

const NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  'username',
  'password',
  'clientid',
  'client_id',
  'topic',
  'topics',
  'access',
  'action',
  'acc',
  'qos',
  'retain',
  'result',
  'is_superuser',
  '',
]

/** Letters and what looks like them or is folded to them. */
const LOOKALIKES: readonly (readonly [string, string])[] = [
  ['a', 'а'],
  ['a', '\uff41'],
  ['a', 'A'],
  ['p', 'р'],
  ['p', '\uff50'],
  ['s', '\u017f'],
  ['S', 'ß'],
  ['i', 'ı'],
  ['1', '\u00b9'],
  ['1', '\uff11'],
  ['/', '\u2215'],
  ['/', '\uff0f'],
  ['/', '%2F'],
  ['/', '%252F'],
  ['/', '\\'],
  ['/', '//'],
  ['/', '/./'],
  ['/', '/../'],
  ['-', '\u2010'],
  ['-', '\u2011'],
  ['+', '\uff0b'],
  ['#', '\uff03'],
]

/** Changes the body of a question in one respect. */
export function mutateBody(call: Call, draw: Draw): Uint8Array {
  const kind = draw.below(10)
  if (kind < 6) return utf8.encode(mutateEntries(call, draw))
  if (kind < 8) return mutateBytes(utf8.encode(call.body), draw)
  return mutateWhole(call.body, draw)
}

function mutateEntries({ body, encoding }: Call, draw: Draw): string {
  const isJson = encoding === 'json'
  const entries = isJson ? jsonEntries(body) : formEntries(body)
  const at = draw.below(entries.length)
  const entry = entries[at]!
  const write = (text: string) => (isJson ? JSON.stringify(text) : encodeURIComponent(text))
  const replace = (...others: Entry[]) => [
    ...entries.slice(0, at),
    ...others,
    ...entries.slice(at + 1),
  ]
  const other = { ...entry, value: mutateValue(entry.value, isJson, draw) }
  const name = mutateName(entry.name, isJson, draw)
  const more = { ...entry, name: write(draw.one(NAMES)) }
  const changed = draw.one<() => readonly Entry[]>([
    () => replace(other),
    () => replace(other),
    () => replace(other),
    () => replace(other),
    () => replace({ ...entry, name }),
    () => replace({ ...entry, name: more.name }),
    () => replace(),
    () => replace(entry, entry),
    () => replace(entry, other),
    () => replace(other, entry),
    () => replace(entry, { ...entry, name }),
    () => replace({ ...other, name }, entry),
    () => [...entries, more],
    () => [{ name: write('__proto__'), value: isJson ? writeJson(entries) : entry.value }],
    () => [{ ...more, value: isJson ? writeJson(entries) : entry.value }, ...entries],
    () => [...entries].reverse(),
    () => entries.map((one) => ({ ...one, name: mutateName(one.name, isJson, draw) })),
    () => replace({ ...entry, value: entries[draw.below(entries.length)]!.value }),
  ])()
  return isJson ? writeJson(changed) : changed.map((one) => `${one.name}=${one.value}`).join('&')
}

function mutateValue(value: string, isJson: boolean, draw: Draw): string {
  const plain = isJson && value.startsWith('"') ? value.slice(1, -1) : value
  if (draw.below(3) > 0) {
    return draw.one(isJson ? JSON_VALUES : FORM_VALUES).replaceAll('$', () => plain)
  }
  const [letter, other] = draw.one(LOOKALIKES)
  const quote = (text: string) => (isJson ? `"${text}"` : text)
  const changed = draw.one<() => string>([
    () => plain.replaceAll(letter, other),
    () => plain.toUpperCase(),
    () => plain.normalize('NFD'),
    () => (isJson ? escapeAll(plain) : percentAll(plain)),
    () => (isJson ? plain.replaceAll('/', '\\/') : plain.replaceAll('%', '%25')),
    () => (isJson ? plain.replaceAll('/', '%2f') : plain.toLowerCase()),
  ])()
  return quote(changed)
}

function mutateName(name: string, isJson: boolean, draw: Draw): string {
  const plain = isJson ? name.slice(1, -1) : name
  const quote = (text: string) => (isJson ? `"${text}"` : text)
  return quote(
    draw.one<() => string>([
      () => (isJson ? escapeAll(plain) : percentAll(plain)),
      () => plain.toUpperCase(),
      () => plain.charAt(0).toUpperCase() + plain.slice(1),
      () => `${plain}[]`,
      () => `${plain}[0]`,
      () => `${plain}.x`,
      () => ` ${plain}`,
      () => `${plain}${isJson ? '\\u0000' : '%00'}`,
      () => plain.replace('e', 'е'),
    ])(),
  )
}

/** Each character by its number: the same text. */
function escapeAll(text: string): string {
  return [...text]
    .map((one) =>
      /[\\"]/.test(one) ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    .join('')
}

function percentAll(text: string): string {
  const decoded = decodeURIComponent(text.replaceAll('+', ' '))
  return [...utf8.encode(decoded)].map((one) => `%${one.toString(16).padStart(2, '0')}`).join('')
}

function mutateBytes(bytes: Uint8Array, draw: Draw): Uint8Array {
  const at = draw.below(bytes.length)
  const byte = draw.one([0, 0x22, 0x25, 0x26, 0x2b, 0x2c, 0x3a, 0x5c, 0x7d, 0x80, 0xc0, 0xff])
  const until = at + draw.below(8)
  return draw.one<() => Uint8Array>([
    () => bytes.slice(0, at),
    () => bytes.slice(at),
    () => Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(until)]),
    () => Uint8Array.from([...bytes.slice(0, at), byte, ...bytes.slice(at)]),
    () => Uint8Array.from([...bytes.slice(0, until), ...bytes.slice(at)]),
    () => bytes.map((one, i) => (i === at ? one ^ (1 << draw.below(8)) : one)),
    () => bytes.map((one, i) => (i === at ? byte : one)),
    () => bytes.map((one, i) => (i === at ? draw.below(256) : one)),
  ])()
}

function mutateWhole(body: string, draw: Draw): Uint8Array {
  return draw.one<() => Uint8Array>([
    () => utf8.encode(`\ufeff${body}`),
    () => utf8.encode(`\ufeff\ufeff${body}`),
    () => utf8.encode(` \r\n\t${body}\n `),
    () => utf8.encode(`${body}${body}`),
    () => utf8.encode(`${body}&${body}`),
    () => utf8.encode(`${body},`),
    () => utf8.encode(`${body}\u0000`),
    () => utf8.encode(`[${body}]`),
    () => utf8.encode(`{"body":${body}}`),
    () => utf8.encode(`/**/${body}`),
    () => utf8.encode(`${body}//`),
    () => utf8.encode(JSON.stringify(body)),
    () => utf8.encode(body.replaceAll('"', "'")),
    () => utf8.encode(`${body}${' '.repeat(17_000)}`),
    () => utf8.encode(`&&${body}&`),
    () => utf8.encode(`?${body}`),
    () => utf8.encode(encodeURIComponent(body)),
    () => utf8.encode(`--x\r\ncontent-disposition: form-data; name="body"\r\n\r\n${body}\r\n--x--`),
    () => new Uint8Array(new Uint16Array([...body].map((c) => c.charCodeAt(0))).buffer),
    () => Uint8Array.from([0xff, 0xfe, ...utf8.encode(body)]),
  ])()
}

function jsonEntries(body: string): readonly Entry[] {
  return Object.entries(JSON.parse(body)).map(([name, value]) => {
    return { name: JSON.stringify(name), value: JSON.stringify(value) }
  })
}

function writeJson(entries: readonly Entry[]): string {
  return `{${entries.map(({ name, value }) => `${name}:${value}`).join(',')}}`
}

function formEntries(body: string): readonly Entry[] {
  return body.split('&').map((pair) => {
    const [name = '', ...rest] = pair.split('=')
    return { name, value: rest.join('=') }
  })
}

/** What nobody sends who wants something: no question at all. */
export function garbage(draw: Draw): Uint8Array {
  const size = draw.below(draw.one([2, 40, 400, 4_000]))
  const depth = draw.below(8_000)
  return draw.one<() => Uint8Array>([
    () => Uint8Array.from({ length: size }, () => draw.below(256)),
    () => utf8.encode(randomText(size, draw)),
    () => utf8.encode(randomJson(4, draw)),
    () => utf8.encode(randomJson(4, draw)),
    () => utf8.encode('['.repeat(depth)),
    () => utf8.encode('['.repeat(depth) + ']'.repeat(depth)),
    () => utf8.encode(`${'{"a":'.repeat(depth / 4)}1${'}'.repeat(depth / 4)}`),
    () => utf8.encode(`{${'"__proto__":{'.repeat(depth / 16)}${'}'.repeat(depth / 16)}}`),
    () => utf8.encode(`{${Array.from({ length: depth / 8 }, (_, i) => `"${i}":0`).join(',')}}`),
    () => utf8.encode(`{"username":${'9'.repeat(size)}}`),
    () => utf8.encode('username[]=a&username[]=b&username[x]=c'),
    () => utf8.encode(`${'a=1&'.repeat(size)}`),
    () => utf8.encode('__proto__[polluted]=1&constructor[prototype][polluted]=1'),
    () => utf8.encode('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    () => utf8.encode(`{"topics":${randomJson(4, draw)}}`),
    () => utf8.encode(draw.one(['', ' ', 'null', 'true', '1', '"x"', '[]', '{}', '&', '=', '%'])),
    () => utf8.encode(`--x\r\n${randomText(size, draw)}\r\n--x--`),
  ])()
}

const CHARACTERS = [...'{}[]",:&=%+\\/0aeu$#\'\t\n \u0000é\ufffd\u{1f4a5}']

function randomText(size: number, draw: Draw): string {
  return Array.from({ length: size }, () => draw.one(CHARACTERS)).join('')
}

function randomJson(depth: number, draw: Draw): string {
  const count = draw.below(4)
  const inner = () => (depth > 0 ? randomJson(depth - 1, draw) : '0')
  return draw.one<() => string>([
    () => draw.one(['null', 'true', '0', '-1.5e300', '"\\ud800"', '"a"', '""', '"\\u0000"']),
    () => `[${Array.from({ length: count }, inner).join(',')}]`,
    () => `{${Array.from({ length: count }, () => `"${draw.one(NAMES)}":${inner()}`).join(',')}}`,
    () => `{${Array.from({ length: 4 }, () => `"${draw.one(NAMES)}":${inner()}`).join(',')}}`,
  ])()
}
