/**
 * What a client refuses of a server, each beside the nearest that it reads.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ProtocolVersion } from '../../src/packet/packet.ts'
import { clientReader } from '../support/client-codec/client-reader.ts'
import { counted, drain, fields, type Part, packet } from './bytes.ts'
import { checkRows, MALFORMED, PROTOCOL, type Row } from './strict.ts'

function check(version: ProtocolVersion, rows: readonly Row[]): void {
  checkRows(() => clientReader({ version, maximumPacketSize: 1000 }), rows)
}

const accepting = (...parts: readonly Part[]) => packet(0x20, 0, 0, counted(...parts))
const publishing = (...parts: readonly Part[]) => packet(0x30, 't', counted(...parts))
const suback = (...codes: readonly number[]) => packet(0x90, [0, 1], counted(), codes)
const unsuback = (...codes: readonly number[]) => packet(0xb0, [0, 1], counted(), codes)

describe('a packet', () => {
  check(5, [
    ['is no CONNECT', packet(0xd0), packet(0x10, 'MQTT', 5, 2, [0, 0], counted(), 'c'), PROTOCOL],
    ['is no PINGREQ', packet(0xd0), packet(0xc0), PROTOCOL],
    ['is no SUBSCRIBE', suback(0), packet(0x82, [0, 1], counted(), 'f', 0), PROTOCOL],
    ['is no UNSUBSCRIBE', unsuback(0), packet(0xa2, [0, 1], counted(), 'f'), PROTOCOL],
    ['is no type 0', packet(0xd0), packet(0x00), MALFORMED],
    ['has no flags', packet(0xd0), packet(0xd2), MALFORMED],
    ['has nothing behind its end', packet(0xd0), packet(0xd0, 0), MALFORMED],
    ['has a length as short as it can be', packet(0xd0), Uint8Array.of(0xd0, 0x80, 0), MALFORMED],
    [
      'is of a size',
      packet(0x30, 't', counted(), new Uint8Array(993)),
      packet(0x30, 't', counted(), new Uint8Array(994)),
      0x95,
    ],
  ])
  check(4, [
    ['is no DISCONNECT in 3.1.1', packet(0xd0), packet(0xe0), PROTOCOL],
    ['is no AUTH in 3.1.1', packet(0xd0), packet(0xf0), MALFORMED],
  ])
})

describe('a CONNACK', () => {
  check(5, [
    ['has only one flag', packet(0x20, 1, 0, counted()), packet(0x20, 2, 0, counted()), MALFORMED],
    [
      'has a session only if it accepts',
      packet(0x20, 0, 0x87, counted()),
      packet(0x20, 1, 0x87, counted()),
      PROTOCOL,
    ],
    [
      'has one of its reasons',
      packet(0x20, 0, 0x9f, counted()),
      packet(0x20, 0, 0x8e, counted()),
      PROTOCOL,
    ],
    ['has properties', accepting(), packet(0x20, 0, 0), MALFORMED],
    ['has a receive maximum', accepting(0x21, [0, 1]), accepting(0x21, [0, 0]), PROTOCOL],
    [
      'has a maximum packet size',
      accepting(0x27, [0, 0, 0, 1]),
      accepting(0x27, [0, 0, 0, 0]),
      PROTOCOL,
    ],
    ['has a maximum QoS below 2', accepting(0x24, 1), accepting(0x24, 2), PROTOCOL],
    ['retains or not', accepting(0x25, 1), accepting(0x25, 2), PROTOCOL],
    ['has wildcards or not', accepting(0x28, 0), accepting(0x28, 2), PROTOCOL],
    ['has subscription identifiers or not', accepting(0x29, 0), accepting(0x29, 2), PROTOCOL],
    ['has shared subscriptions or not', accepting(0x2a, 0), accepting(0x2a, 2), PROTOCOL],
    ['has no topic alias', accepting(0x22, [0, 1]), accepting(0x23, [0, 1]), MALFORMED],
    ['has no will delay', accepting(0x11, [0, 0, 0, 1]), accepting(0x18, [0, 0, 0, 1]), MALFORMED],
  ])
  check(4, [
    ['has a return code up to 5', packet(0x20, 0, 5), packet(0x20, 0, 6), PROTOCOL],
    ['has no properties in 3.1.1', packet(0x20, 1, 0), packet(0x20, 1, 0, counted()), MALFORMED],
  ])
})

describe('each property comes once', () => {
  const ofConnack: readonly [name: string, bytes: Uint8Array][] = [
    ['session expiry interval', fields(0x11, [0, 0, 0, 0])],
    ['assigned client identifier', fields(0x12, '')],
    ['server keep alive', fields(0x13, [0, 0])],
    ['authentication method', fields(0x15, '')],
    ['authentication data', fields(0x16, '')],
    ['response information', fields(0x1a, '')],
    ['server reference', fields(0x1c, '')],
    ['reason string', fields(0x1f, '')],
    ['receive maximum', fields(0x21, [0, 9])],
    ['topic alias maximum', fields(0x22, [0, 0])],
    ['maximum QoS', fields(0x24, 0)],
    ['retain available', fields(0x25, 0)],
    ['maximum packet size', fields(0x27, [0, 0, 0, 9])],
    ['wildcard subscription available', fields(0x28, 0)],
    ['subscription identifiers available', fields(0x29, 0)],
    ['shared subscription available', fields(0x2a, 0)],
  ]
  check(
    5,
    ofConnack.map(
      ([name, bytes]): Row => [name, accepting(bytes), accepting(bytes, bytes), PROTOCOL],
    ),
  )

  test('but subscription identifiers and user properties', () => {
    const made = clientReader({ version: 5, maximumPacketSize: 1000 })
    made.push(publishing(0x0b, 1, 0x26, 'a', 'b', 0x0b, [0xff, 0x7f], 0x26, 'a', '', 0x0b, 1))
    const [read] = drain(made)
    assert.ok(read?.kind === 'publish')
    assert.deepEqual(read.subscriptionIdentifiers, [1, 16_383, 1])
    assert.deepEqual(read.userProperties, [
      ['a', 'b'],
      ['a', ''],
    ])
  })
})

describe('a PUBLISH', () => {
  check(5, [
    ['has subscription identifiers above 0', publishing(0x0b, 1), publishing(0x0b, 0), PROTOCOL],
    [
      'has a topic or an alias',
      packet(0x30, '', counted(0x23, [0, 1])),
      packet(0x30, '', counted()),
      PROTOCOL,
    ],
    ['has an alias that is not 0', publishing(0x23, [0, 1]), publishing(0x23, [0, 0]), 0x94],
  ])
  check(4, [['has a topic in 3.1.1', packet(0x30, 't'), packet(0x30, ''), PROTOCOL]])
})

describe('an acknowledgement', () => {
  check(5, [
    [
      'says that nobody subscribed, as a PUBACK',
      packet(0x40, [0, 1], 0x10),
      packet(0x62, [0, 1], 0x10),
      PROTOCOL,
    ],
    [
      'says that nobody subscribed, as a PUBREC',
      packet(0x50, [0, 1], 0x10),
      packet(0x70, [0, 1], 0x10),
      PROTOCOL,
    ],
    ['grants a QoS', suback(0, 1, 2), suback(0, 1, 3), PROTOCOL],
    ['has a reason, as a SUBACK', suback(0x80), suback(), PROTOCOL],
    ['has one of its reasons, as an UNSUBACK', unsuback(0x11), unsuback(0x01), PROTOCOL],
    ['has a reason, as an UNSUBACK', unsuback(0), unsuback(), PROTOCOL],
    ['has an identifier, as a SUBACK', suback(0), packet(0x90, [0, 0], counted(), 0), PROTOCOL],
    [
      'has an identifier, as an UNSUBACK',
      unsuback(0),
      packet(0xb0, [0, 0], counted(), 0),
      PROTOCOL,
    ],
  ])
  check(4, [
    ['has one failure in 3.1.1', packet(0x90, [0, 1], 0x80), packet(0x90, [0, 1], 0x87), PROTOCOL],
    [
      'has no reason in 3.1.1, as an UNSUBACK',
      packet(0xb0, [0, 1]),
      packet(0xb0, [0, 1], 0),
      MALFORMED,
    ],
  ])
})

describe('a DISCONNECT', () => {
  check(5, [
    ['has a reason of a server', packet(0xe0, 0x8b), packet(0xe0, 0x04), PROTOCOL],
    [
      'has no session expiry interval',
      packet(0xe0, 0, counted(0x1c, 's')),
      packet(0xe0, 0, counted(0x11, [0, 0, 0, 1])),
      PROTOCOL,
    ],
  ])
})

describe('an AUTH', () => {
  const method = fields(0x15, 'm')
  check(5, [
    [
      'does not begin anew',
      packet(0xf0, 0x18, counted(method)),
      packet(0xf0, 0x19, counted(method)),
      PROTOCOL,
    ],
    ['may say nothing', packet(0xf0), packet(0xf0, 0, counted()), PROTOCOL],
  ])
})
