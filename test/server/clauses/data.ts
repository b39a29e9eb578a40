/**
 * Texts, numbers and topics (MQTT 5, sections 1.5, 2 and 4.7), and transports.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { hex, joined } from '../../packet/bytes.ts'
import { connectPacket, publishPacket } from '../fixture.ts'
import { connectBytes, frame, refuses, refusesFirst } from './bytes.ts'
import { type Clause, type ClauseTest, TRANSPORT } from './clause.ts'

/** Bytes that are no UTF-8, with their length. */
const ILL_FORMED = ['0001 80', '0002 c0af', '0003 eda080', '0004 f4908080', '0002 c3', '0001 ff']

function refusesText(texts: readonly string[]): ClauseTest {
  return async (make) => {
    const end = make().version === 5 ? '00' : ''
    for (const text of texts) {
      const s = make()
      await refusesFirst(s, connectBytes(s, { payload: text }))
      const aWill = `0001 61 ${end} ${text} 0000`
      await refusesFirst(make(), connectBytes(s, { flags: '06', payload: aWill }))
      await refuses(make(), frame('30', `${text} ${end}`), 0x81)
      await refuses(make(), frame('82', `0001 ${end} ${text} 00`), 0x81)
      await refuses(make(), frame('a2', `0001 ${end} ${text}`), 0x81)
    }
  }
}

const refusesIllFormed = refusesText(ILL_FORMED)
const refusesNul = refusesText(['0001 00', '0003 610062'])

const keepsMark: ClauseTest = async (make) => {
  const s = make()
  const client = await s.connect('\ufeffa')
  assert.equal(s.told('connected')[0]?.client.clientId, '\ufeffa')
  await client.subscribe(['\ufeff', 'x/\ufeff'])
  for (const topic of ['\ufeff', 'x/\ufeff', 'x/']) await client.publish(topic, '')
  assert.deepEqual(
    client.messages().map(({ topic }) => topic),
    ['\ufeff', 'x/\ufeff'],
  )
}

const reservesFlags: ClauseTest = async (make) => {
  const end = make().version === 5 ? '00' : ''
  for (const [first, body] of [
    ['41', '0001'],
    ['51', '0001'],
    ['60', '0001'],
    ['71', '0001'],
    ['80', `0001 ${end} 0001 61 00`],
    ['a0', `0001 ${end} 0001 61`],
    ['c8', ''],
    ['e1', ''],
  ] as const) {
    await refuses(make(), frame(first, body), 0x81)
  }
  await refusesFirst(make(), joined([hex('11'), connectBytes(make(), {}).subarray(1)]))
}

/** A filter, and whether it may be subscribed to. */
function filters(rows: readonly (readonly [filter: string, isGranted: boolean])[]): ClauseTest {
  return async (make) => {
    const s = make()
    const client = await s.connect('a')
    const refused = s.version === 5 ? 0x8f : 0x80
    for (const [filter, isGranted] of rows) {
      assert.deepEqual(await client.subscribe(filter), [isGranted ? 0 : refused], filter)
    }
  }
}

const takesHash = filters([
  ['#', true],
  ['a/#', true],
  ['/#', true],
  ['a#', false],
  ['a/#/b', false],
  ['#/', false],
  ['##', false],
  ['+/#', true],
])

const takesPlus = filters([
  ['+', true],
  ['+/+', true],
  ['/+', true],
  ['a/+/b', true],
  ['a+', false],
  ['+a/b', false],
  ['a/+b', false],
  ['++', false],
])

const isOneCharacter: ClauseTest = async (make) => {
  const end = make().version === 5 ? '00' : ''
  await filters([
    ['', false],
    ['/', true],
    [' ', true],
  ])(make)
  await refuses(make(), frame('30', `0000 ${end}`), 0x82)
  const client = await make().connect('a')
  await client.subscribe('#')
  await client.publish('/', 'm')
  assert.deepEqual(client.texts(), ['m'])
}

const hasNoNameWildcards: ClauseTest = async (make) => {
  const client = await make().connect('a')
  assert.deepEqual(await client.subscribe(['a/+', '#']), [0, 0])
  const end = make().version === 5 ? '00' : ''
  for (const topic of ['0001 2b', '0001 23', '0003 612f2b', '0002 6123']) {
    await refuses(make(), frame('30', `${topic} ${end}`), 0x90)
  }
}

const hidesDollar: ClauseTest = async (make) => {
  const s = make()
  const all = await s.connect('all')
  await all.subscribe(['#', '+/x', '+/+', '+'])
  const some = await s.connect('some')
  await some.subscribe(['$SYS/#', '$SYS/+'])
  for (const retain of [false, true]) {
    for (const topic of ['$SYS/x', '$x', '$', 'a/$x']) {
      await all.publish(topic, topic, { retain })
    }
    assert.deepEqual(all.texts(), ['a/$x'])
    assert.deepEqual(some.texts(), ['$SYS/x'])
  }
  await all.subscribe('#')
  assert.deepEqual(all.texts(), ['a/$x'])
}

const isLong: ClauseTest = async (make) => {
  const s = make()
  const client = await s.connect('a')
  const topic = 'ü'.repeat(32_767)
  assert.deepEqual(await client.subscribe(topic), [0])
  await client.publish(topic, 'm')
  assert.deepEqual(client.texts(), ['m'])
}

const normalisesNothing: ClauseTest = async (make) => {
  const s = make()
  const client = await s.connect('a')
  // "é" as one character and as two, upper and lower case, and signs that look alike.
  for (const filter of ['\u00e9', 'A', 'a/', 'a b']) await client.subscribe(filter)
  for (const topic of ['e\u0301', 'a', 'a//', 'a  b', 'a\u00a0b'])
    await client.publish(topic, topic)
  assert.deepEqual(client.texts(), [])
  for (const topic of ['\u00e9', 'A', 'a/', 'a b']) await client.publish(topic, topic)
  assert.deepEqual(client.texts(), ['\u00e9', 'A', 'a/', 'a b'])
}

const takesAnyCut: ClauseTest = async (make) => {
  const s = make()
  const listener = await s.connect('listener')
  await listener.subscribe('t')
  const client = s.raw()
  const sent: number[] = []
  const original = client.bytes.bind(client)
  client.bytes = async (chunk) => {
    for (const byte of chunk as Uint8Array) {
      sent.push(byte)
      await original(Uint8Array.of(byte))
    }
  }
  await client.send(connectPacket(s.version, 'a'), publishPacket('t', 'cut'))
  assert.deepEqual(listener.texts(), ['cut'])
  await original(joined([Uint8Array.from(sent.slice(-5)).subarray(0, 0), hex('c000 c000')]))
  assert.deepEqual(
    client.packets().map(({ kind }) => kind),
    ['connack', 'pingresp', 'pingresp'],
  )
}

export const DATA_CLAUSES: readonly Clause[] = [
  ['1.5.4-1', 'texts are UTF-8', refusesIllFormed],
  ['1.5.4-2', 'texts have no U+0000', refusesNul],
  ['1.5.4-3', 'U+FEFF belongs to a text', keepsMark],
  [
    '1.5.5-1',
    'a variable byte integer takes as few bytes as it can',
    async (make) => {
      await refuses(make(), '30 84 00 0001 74 00', 0x81)
      await refuses(make(), '30 05 0001 74 80 00', 0x81)
      await refuses(make(), '30 07 0001 74 03 0b 81 00', 0x81)
    },
  ],
  [
    '1.5.7-1',
    'both texts of a pair are UTF-8',
    async (make) => {
      for (const pair of ['0001 ff 0001 61', '0001 61 0001 ff', '0001 00 0000', '0000 0001 00']) {
        const size = joined([hex(pair)]).length
        const properties = `${(size + 1).toString(16).padStart(2, '0')} 26 ${pair}`
        await refuses(make(), frame('30', `0001 74 ${properties}`), 0x81)
      }
    },
  ],
  ['2.1.3-1', 'reserved flags are as they have to be', reservesFlags],
  [
    '2.2.2-1',
    'no properties are a length of 0',
    async (make) => refuses(make(), frame('30', '0001 74'), 0x81),
  ],
  ['4.2-1', 'the transport is ordered and loses nothing', TRANSPORT],
  ['4.7.0-1', 'wildcards are of filters, and not of topic names', hasNoNameWildcards],
  ['4.7.1-1', '"#" is the last level, as a whole', takesHash],
  ['4.7.1-2', '"+" is a whole level, wherever', takesPlus],
  ['4.7.2-1', 'a wildcard at the beginning reaches no name with a "$" there', hidesDollar],
  ['4.7.3-1', 'a topic has at least one character', isOneCharacter],
  ['4.7.3-2', 'and no U+0000', refusesNul],
  ['4.7.3-3', 'and up to 65,535 bytes', isLong],
  ['4.7.3-4', 'topics are compared to the letter', normalisesNothing],
  ['6.0.0-1', 'packets are sent in binary frames of a WebSocket', TRANSPORT],
  ['6.0.0-2', 'frames are cut anywhere', takesAnyCut],
  ['6.0.0-3', 'a client offers "mqtt"', TRANSPORT],
  ['6.0.0-4', 'a server selects "mqtt"', TRANSPORT],
]
