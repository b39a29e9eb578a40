/**
 * What a server refuses of a client, each beside the nearest that it reads.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serverReader } from '../../src/packet/server-reader.ts'
import { counted, drain, fields, joined, type Part, packet } from './bytes.ts'
import { checkRows, MALFORMED, PROTOCOL, type Row, refusal } from './strict.ts'

const NAME = 'MQTT'
const connect = (version: number, flags: number, ...rest: readonly Part[]) =>
  packet(0x10, NAME, version, flags, [0, 60], ...rest)
const connect5 = connect(5, 2, counted(), 'c')
const connect4 = connect(4, 2, 'c')

function check(before: readonly Uint8Array[], rows: readonly Row[]): void {
  checkRows(() => reader(before), rows)
}

function reader(before: readonly Uint8Array[]) {
  const made = serverReader({ maximumPacketSize: 1000 })
  made.push(joined(before))
  assert.equal(drain(made).length, before.length)
  return made
}

/** A CONNECT of MQTT 5 with these properties. */
const connecting = (...parts: readonly Part[]) => connect(5, 2, counted(...parts), 'c')
const willing = (...parts: readonly Part[]) =>
  connect(5, 6, counted(), 'c', counted(...parts), 't', 'p')
const publishing = (...parts: readonly Part[]) => packet(0x30, 't', counted(...parts), [1, 2, 3])
const subscribing = (options: number, filter = 'f') =>
  packet(0x82, [0, 1], counted(), filter, options)

describe('the first packet', () => {
  check(
    [],
    [
      ['is a CONNECT', connect5, packet(0xc0), PROTOCOL],
      ['is none of a server', connect5, packet(0x20, 0, 0, counted()), PROTOCOL],
      ['is of MQTT', connect5, packet(0x10, 'mqtt', 5, 2, [0, 0], counted(), 'c'), 0x84],
      ['is of MQTT 5, not 6', connect5, connect(6, 2, counted(), 'c'), 0x84],
      ['is of MQTT 3.1.1, not 3', connect4, connect(3, 2, 'c'), 0x84],
      ['is not of MQTT 3.1', connect4, packet(0x10, 'MQIsdp', 3, 2, [0, 0], 'c'), 0x84],
      ['is of no bridge', connect4, connect(0x84, 2, 'c'), 0x84],
      [
        'has no flags before it',
        connect5,
        joined([Uint8Array.of(0x11), connect5.subarray(1)]),
        MALFORMED,
      ],
    ],
  )

  test('tells which version was asked for', () => {
    const rows: readonly [bytes: Uint8Array, level: number | undefined][] = [
      [connect(6, 2, counted(), 'c'), 6],
      [connect(3, 2, 'c'), 3],
      [packet(0x10, 'MQIsdp', 3, 2, [0, 0], 'c'), 3],
      [packet(0x10, 'HTTP', 4, 2, [0, 0], 'c'), undefined],
      [packet(0xc0), undefined],
    ]
    for (const [bytes, level] of rows) {
      const made = reader([])
      made.push(bytes)
      assert.equal(refusal(() => made.next()).protocolLevel, level)
    }
  })
})

describe('a CONNECT', () => {
  check(
    [],
    [
      [
        'has a reserved flag',
        connect(5, 2, counted(), 'c'),
        connect(5, 3, counted(), 'c'),
        MALFORMED,
      ],
      ['has one in 3.1.1 too', connect(4, 2, 'c'), connect(4, 3, 'c'), MALFORMED],
      ['has no will QoS without a will', connect(4, 0x02, 'c'), connect(4, 0x0a, 'c'), MALFORMED],
      ['has no will to retain without one', connect(4, 2, 'c'), connect(4, 0x22, 'c'), MALFORMED],
      [
        'has no will of QoS 3',
        connect(4, 0x16, 'c', 't', 'p'),
        connect(4, 0x1e, 'c', 't', 'p'),
        MALFORMED,
      ],
      [
        'has a password with a user name',
        connect(4, 0xc2, 'c', 'u', 'p'),
        connect(4, 0x42, 'c', 'p'),
        MALFORMED,
      ],
      [
        'has a password alone in MQTT 5',
        connect(5, 0x42, counted(), 'c', 'p'),
        connect(5, 0x42, counted(), 'c'),
        MALFORMED,
      ],
      ['has its user name', connect(4, 0x82, 'c', 'u'), connect(4, 0x82, 'c'), MALFORMED],
      ['has its will', connect(4, 6, 'c', 't', 'p'), connect(4, 6, 'c', 't'), MALFORMED],
      ['has a client id', connect(4, 2, ''), connect(4, 2), MALFORMED],
      ['has nothing behind it', connect(4, 2, 'c'), connect(4, 2, 'c', 0), MALFORMED],
      ['has no user name without its flag', connect(4, 2, 'c'), connect(4, 2, 'c', 'u'), MALFORMED],
      ['has properties in MQTT 5', connect5, connect(5, 2), MALFORMED],
      ['has a client id without NUL', connect(4, 2, 'a\u0001'), connect(4, 2, 'a\0'), MALFORMED],
      ['has a receive maximum', connecting(0x21, [0, 1]), connecting(0x21, [0, 0]), PROTOCOL],
      [
        'has a maximum packet size',
        connecting(0x27, [0, 0, 0, 1]),
        connecting(0x27, [0, 0, 0, 0]),
        PROTOCOL,
      ],
      ['asks for response information or not', connecting(0x19, 1), connecting(0x19, 2), PROTOCOL],
      ['asks for problem information or not', connecting(0x17, 0), connecting(0x17, 2), PROTOCOL],
      [
        'has data with its method',
        connecting(0x15, 'm', 0x16, 'd'),
        connecting(0x16, 'd'),
        PROTOCOL,
      ],
      [
        'has a will delay only in the will',
        willing(0x18, [0, 0, 0, 1]),
        connecting(0x18, [0, 0, 0, 1]),
        MALFORMED,
      ],
      [
        'has its session expiry outside of the will',
        connecting(0x11, [0, 0, 0, 1]),
        willing(0x11, [0, 0, 0, 1]),
        MALFORMED,
      ],
      ['has a will in text or not', willing(0x01, 1), willing(0x01, 2), PROTOCOL],
      ['has no reason', connecting(0x26, 'a', 'b'), connecting(0x1f, 'a'), MALFORMED],
      [
        'has properties of the length that it says',
        connecting(0x22, [0, 1]),
        connecting(0x22, 0),
        MALFORMED,
      ],
      [
        'has properties of the shortest length',
        connect(5, 2, [0], 'c'),
        connect(5, 2, [0x80, 0], 'c'),
        MALFORMED,
      ],
      ['has properties that end', connect(5, 2, [0], 'c'), connect(5, 2, [5], 'c'), MALFORMED],
      ['has no property 0', connecting(0x26, '', ''), connecting(0x00), MALFORMED],
      [
        'has no property of two bytes',
        connecting(0x26, '', ''),
        connecting(0xa6, 1, '', ''),
        MALFORMED,
      ],
    ],
  )
})

describe('each property comes once', () => {
  const properties: readonly [name: string, bytes: Uint8Array][] = [
    ['session expiry interval', fields(0x11, [0, 0, 0, 0])],
    ['receive maximum', fields(0x21, [0, 9])],
    ['maximum packet size', fields(0x27, [0, 0, 1, 0])],
    ['topic alias maximum', fields(0x22, [0, 0])],
    ['request response information', fields(0x19, 0)],
    ['request problem information', fields(0x17, 0)],
    ['authentication method', fields(0x15, '')],
  ]
  const willProperties: readonly [name: string, bytes: Uint8Array][] = [
    ['will delay interval', fields(0x18, [0, 0, 0, 0])],
    ['payload format indicator', fields(0x01, 0)],
    ['message expiry interval', fields(0x02, [0, 0, 0, 0])],
    ['content type', fields(0x03, '')],
    ['response topic', fields(0x08, '')],
    ['correlation data', fields(0x09, '')],
  ]
  check(
    [],
    [
      ...properties.map(
        ([name, bytes]): Row => [name, connecting(bytes), connecting(bytes, bytes), PROTOCOL],
      ),
      ...willProperties.map(
        ([name, bytes]): Row => [
          `${name} of a will`,
          willing(bytes),
          willing(bytes, bytes),
          PROTOCOL,
        ],
      ),
    ],
  )
  check(
    [connect5],
    willProperties
      .slice(1)
      .map(([name, bytes]): Row => [name, publishing(bytes), publishing(bytes, bytes), PROTOCOL]),
  )
  test('but a user property', () => {
    const made = reader([])
    made.push(connecting(0x26, 'a', 'b', 0x26, 'a', 'b'))
    const [read] = drain(made)
    assert.deepEqual(read?.kind === 'connect' && read.userProperties, [
      ['a', 'b'],
      ['a', 'b'],
    ])
  })
})

describe('a packet of MQTT 5', () => {
  check(
    [connect5],
    [
      ['is no second CONNECT', packet(0xc0), connect5, PROTOCOL],
      ['is none of a server', packet(0xc0), packet(0xd0), PROTOCOL],
      ['is no SUBACK', subscribing(0), packet(0x90, [0, 1], counted(), 0), PROTOCOL],
      ['is no type 0', packet(0xc0), packet(0x00), MALFORMED],
      [
        'has a length of four bytes',
        packet(0xc0),
        Uint8Array.of(0xc0, 0xff, 0xff, 0xff, 0xff, 0),
        MALFORMED,
      ],
      ['has a length as short as it can be', packet(0xc0), Uint8Array.of(0xc0, 0x80, 0), MALFORMED],
      ['has no flags', packet(0xc0), packet(0xc1), MALFORMED],
      ['has nothing behind its end', packet(0xc0), packet(0xc0, 0), MALFORMED],
    ],
  )
})

describe('a PUBLISH', () => {
  check(
    [connect5],
    [
      [
        'is of QoS 2 at most',
        packet(0x34, 't', [0, 1], counted()),
        packet(0x36, 't', [0, 1], counted()),
        MALFORMED,
      ],
      [
        'comes again only above QoS 0',
        packet(0x3a, 't', [0, 1], counted()),
        packet(0x38, 't', counted()),
        MALFORMED,
      ],
      [
        'has an identifier',
        packet(0x32, 't', [0, 1], counted()),
        packet(0x32, 't', [0, 0], counted()),
        PROTOCOL,
      ],
      [
        'has a topic or an alias',
        packet(0x30, '', counted(0x23, [0, 1])),
        packet(0x30, '', counted()),
        PROTOCOL,
      ],
      ['has an alias that is not 0', publishing(0x23, [0, 1]), publishing(0x23, [0, 0]), 0x94],
      ['has one alias', publishing(0x23, [0, 1]), publishing(0x23, [0, 1], 0x23, [0, 1]), PROTOCOL],
      ['is text or not', publishing(0x01, 1), publishing(0x01, 2), PROTOCOL],
      ['has no subscription identifier', publishing(), publishing(0x0b, 1), PROTOCOL],
      [
        'has no session expiry',
        publishing(0x02, [0, 0, 0, 1]),
        publishing(0x11, [0, 0, 0, 1]),
        MALFORMED,
      ],
      ['has a whole topic', packet(0x30, 't', counted()), packet(0x30, [0, 9], [1]), MALFORMED],
      ['has properties', packet(0x30, 't', counted()), packet(0x30, 't'), MALFORMED],
      ['has a property that fits', publishing(0x03, 'a'), publishing(0x03, [0, 9, 1]), MALFORMED],
    ],
  )
})

describe('a text', () => {
  const publish = (...bytes: readonly number[]) =>
    packet(0x30, [0, bytes.length, ...bytes], counted())
  const long = (...bytes: readonly number[]) => publish(...bytes, ...new Array(40).fill(0x61))
  const rows: readonly [what: string, good: readonly number[], bad: readonly number[]][] = [
    ['has no NUL', [0x01], [0x00]],
    ['has no NUL in two bytes', [0xc2, 0x80], [0xc0, 0x80]],
    ['has no character in more bytes than it takes', [0x2f], [0xc0, 0xaf]],
    ['has none in three bytes that takes two', [0xe0, 0xa0, 0x80], [0xe0, 0x9f, 0xbf]],
    ['has none in four bytes that takes three', [0xf0, 0x90, 0x80, 0x80], [0xf0, 0x8f, 0xbf, 0xbf]],
    ['has no high surrogate', [0xed, 0x9f, 0xbf], [0xed, 0xa0, 0x80]],
    ['has no low surrogate', [0xee, 0x80, 0x80], [0xed, 0xbf, 0xbf]],
    ['has no pair of surrogates', [0xf0, 0x90, 0x80, 0x80], [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80]],
    ['has nothing above U+10FFFF', [0xf4, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80]],
    ['has no byte that follows none', [0xc2, 0x80], [0x80]],
    ['has no byte that none follows', [0xc2, 0x80], [0xc2]],
    ['has no byte FF', [0xef, 0xbf, 0xbf], [0xff]],
  ]
  check(
    [connect5],
    [
      ...rows.map(([what, good, bad]): Row => [what, publish(...good), publish(...bad), MALFORMED]),
      ...rows.map(
        ([what, good, bad]): Row => [`${what}, if long`, long(...good), long(...bad), MALFORMED],
      ),
    ],
  )

  test('keeps U+FEFF where it begins', () => {
    for (const [bytes, topic] of [
      [publish(0xef, 0xbb, 0xbf), '\ufeff'],
      [publish(0xef, 0xbb, 0xbf, 0x61), '\ufeffa'],
      [long(0xef, 0xbb, 0xbf), `\ufeff${'a'.repeat(40)}`],
    ] as const) {
      const made = reader([connect5])
      made.push(bytes)
      const [read] = drain(made)
      assert.equal(read?.kind === 'publish' && read.topic, topic)
    }
  })
})

describe('a SUBSCRIBE', () => {
  const filter = fields('f', 0)
  check(
    [connect5],
    [
      [
        'has its flags',
        packet(0x82, [0, 1], counted(), filter),
        packet(0x80, [0, 1], counted(), filter),
        MALFORMED,
      ],
      ['has an identifier', subscribing(0), packet(0x82, [0, 0], counted(), filter), PROTOCOL],
      ['has a filter', subscribing(0), packet(0x82, [0, 1], counted()), PROTOCOL],
      ['has options', subscribing(0), packet(0x82, [0, 1], counted(), 'f'), MALFORMED],
      ['wants QoS 2 at most', subscribing(2), subscribing(3), PROTOCOL],
      ['has retain handling up to 2', subscribing(0x20), subscribing(0x30), PROTOCOL],
      ['has a reserved bit 6', subscribing(0x2e), subscribing(0x40), MALFORMED],
      ['has a reserved bit 7', subscribing(0x2e), subscribing(0x80), MALFORMED],
      ['shares no local', subscribing(0, '$share/g/f'), subscribing(4, '$share/g/f'), PROTOCOL],
      [
        'has a subscription identifier',
        packet(0x82, [0, 1], counted(0x0b, 1), filter),
        packet(0x82, [0, 1], counted(0x0b, 0), filter),
        PROTOCOL,
      ],
      [
        'has one',
        packet(0x82, [0, 1], counted(0x0b, 1), filter),
        packet(0x82, [0, 1], counted(0x0b, 1, 0x0b, 1), filter),
        PROTOCOL,
      ],
      [
        'has one of the shortest length',
        packet(0x82, [0, 1], counted(0x0b, [0xff, 0x7f]), filter),
        packet(0x82, [0, 1], counted(0x0b, [0x81, 0]), filter),
        MALFORMED,
      ],
      [
        'has one of four bytes',
        packet(0x82, [0, 1], counted(0x0b, [0xff, 0xff, 0xff, 0x7f]), filter),
        packet(0x82, [0, 1], counted(0x0b, [0xff, 0xff, 0xff, 0xff, 1]), filter),
        MALFORMED,
      ],
      [
        'has no reason',
        packet(0x82, [0, 1], counted(0x26, '', ''), filter),
        packet(0x82, [0, 1], counted(0x1f, ''), filter),
        MALFORMED,
      ],
    ],
  )
  check(
    [connect4],
    [
      [
        'has only a QoS in 3.1.1',
        packet(0x82, [0, 1], 'f', 2),
        packet(0x82, [0, 1], 'f', 4),
        MALFORMED,
      ],
      [
        'has no QoS 3 in 3.1.1',
        packet(0x82, [0, 1], 'f', 1),
        packet(0x82, [0, 1], 'f', 3),
        MALFORMED,
      ],
      ['has a filter in 3.1.1', packet(0x82, [0, 1], 'f', 0), packet(0x82, [0, 1]), PROTOCOL],
    ],
  )
})

describe('an UNSUBSCRIBE', () => {
  check(
    [connect5],
    [
      [
        'has its flags',
        packet(0xa2, [0, 1], counted(), 'f'),
        packet(0xa0, [0, 1], counted(), 'f'),
        MALFORMED,
      ],
      [
        'has an identifier',
        packet(0xa2, [0, 1], counted(), 'f'),
        packet(0xa2, [0, 0], counted(), 'f'),
        PROTOCOL,
      ],
      [
        'has a filter',
        packet(0xa2, [0, 1], counted(), 'f'),
        packet(0xa2, [0, 1], counted()),
        PROTOCOL,
      ],
      [
        'has whole filters',
        packet(0xa2, [0, 1], counted(), 'f', 'g'),
        packet(0xa2, [0, 1], counted(), 'f', 0),
        MALFORMED,
      ],
      [
        'has no subscription identifier',
        packet(0xa2, [0, 1], counted(0x26, '', ''), 'f'),
        packet(0xa2, [0, 1], counted(0x0b, 1), 'f'),
        MALFORMED,
      ],
    ],
  )
})

describe('an acknowledgement', () => {
  check(
    [connect5],
    [
      ['has its flags, as a PUBACK', packet(0x40, [0, 1]), packet(0x42, [0, 1]), MALFORMED],
      ['has its flags, as a PUBREC', packet(0x50, [0, 1]), packet(0x52, [0, 1]), MALFORMED],
      ['has its flags, as a PUBREL', packet(0x62, [0, 1]), packet(0x60, [0, 1]), MALFORMED],
      ['has its flags, as a PUBCOMP', packet(0x70, [0, 1]), packet(0x72, [0, 1]), MALFORMED],
      ['has an identifier', packet(0x40, [0, 1]), packet(0x40, [0, 0]), PROTOCOL],
      ['has a whole identifier', packet(0x40, [0, 1]), packet(0x40, 0), MALFORMED],
      [
        'has one of its reasons, as a PUBACK',
        packet(0x40, [0, 1], 0x87),
        packet(0x40, [0, 1], 0x92),
        PROTOCOL,
      ],
      [
        'says not that nobody subscribed',
        packet(0x50, [0, 1], 0x80),
        packet(0x50, [0, 1], 0x10),
        PROTOCOL,
      ],
      [
        'has one of its reasons, as a PUBREL',
        packet(0x62, [0, 1], 0x92),
        packet(0x62, [0, 1], 0x80),
        PROTOCOL,
      ],
      [
        'has one of its reasons, as a PUBCOMP',
        packet(0x70, [0, 1], 0x92),
        packet(0x70, [0, 1], 0x80),
        PROTOCOL,
      ],
      [
        'has its properties',
        packet(0x40, [0, 1], 0, counted(0x1f, 'a')),
        packet(0x40, [0, 1], 0, counted(0x03, 'a')),
        MALFORMED,
      ],
      [
        'has nothing behind them',
        packet(0x40, [0, 1], 0, counted()),
        packet(0x40, [0, 1], 0, counted(), 0),
        MALFORMED,
      ],
    ],
  )
  check(
    [connect4],
    [
      ['has no reason in 3.1.1', packet(0x40, [0, 1]), packet(0x40, [0, 1], 0), MALFORMED],
      ['has an identifier in 3.1.1', packet(0x62, [0, 1]), packet(0x62, [0, 0]), PROTOCOL],
    ],
  )
})

describe('a DISCONNECT', () => {
  check(
    [connect5],
    [
      ['has no flags', packet(0xe0), packet(0xe1), MALFORMED],
      ['has a reason of a client', packet(0xe0, 0x04), packet(0xe0, 0x8b), PROTOCOL],
      ['has a reason that there is', packet(0xe0, 0x9b), packet(0xe0, 0x05), PROTOCOL],
      [
        'has its properties',
        packet(0xe0, 0, counted(0x11, [0, 0, 0, 1])),
        packet(0xe0, 0, counted(0x21, [0, 1])),
        MALFORMED,
      ],
      ['has whole properties', packet(0xe0, 0, counted()), packet(0xe0, 0, 1), MALFORMED],
    ],
  )
  check([connect4], [['says nothing in 3.1.1', packet(0xe0), packet(0xe0, 0), MALFORMED]])
})

describe('an AUTH', () => {
  const method = fields(0x15, 'm')
  check(
    [connect5],
    [
      [
        'has a reason of a client',
        packet(0xf0, 0x18, counted(method)),
        packet(0xf0, 0x00, counted(method)),
        PROTOCOL,
      ],
      ['has a reason', packet(0xf0, 0x19, counted(method)), packet(0xf0), PROTOCOL],
      [
        'has a method',
        packet(0xf0, 0x18, counted(method)),
        packet(0xf0, 0x18, counted()),
        PROTOCOL,
      ],
      [
        'has one method',
        packet(0xf0, 0x18, counted(method)),
        packet(0xf0, 0x18, counted(method, method)),
        PROTOCOL,
      ],
      ['has properties', packet(0xf0, 0x18, counted(method)), packet(0xf0, 0x18), MALFORMED],
    ],
  )
  check([connect4], [['is none in 3.1.1', packet(0xc0), packet(0xf0), MALFORMED]])
})

describe('the length of a packet', () => {
  // The longer form of it, which only MQTT 5 forbids (MQTT-1.5.5-1).
  const padded = (bytes: Uint8Array) =>
    joined([bytes.subarray(0, 1), Uint8Array.of(bytes[1]! | 0x80, 0), bytes.subarray(2)])
  check(
    [],
    [['is the shortest, of a CONNECT of MQTT 5', padded(connect4), padded(connect5), MALFORMED]],
  )
  check(
    [connect4],
    [
      [
        'has four bytes in 3.1.1',
        padded(packet(0xc0)),
        Uint8Array.of(0xc0, 0x80, 0x80, 0x80, 0x80, 0),
        MALFORMED,
      ],
    ],
  )
  check(
    [connect5],
    [
      [
        'with its header is at most what the reader allows',
        packet(0x30, 't', counted(), new Uint8Array(1000 - 3 - 3 - 1)),
        packet(0x30, 't', counted(), new Uint8Array(1000 - 3 - 3)),
        0x95,
      ],
      [
        'is judged before its bytes come',
        packet(0xc0),
        Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f),
        0x95,
      ],
    ],
  )
})
