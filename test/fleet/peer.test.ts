/**
 * Where a client connects from, as failed logins are counted: whoever has one address of an IPv6
 * network has all of them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { peerName } from '../../src/fleet/peer.ts'

describe('an address is counted as', () => {
  const rows: [peer: string, name: string][] = [
    ['10.0.0.9', '10.0.0.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['2001:db8:1::4:5:6:7', '2001:db8:1:0::/64'],
    ['2001:db8:1::5:6:7:8', '2001:db8:1:0::/64'],
    ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
    ['[2001:db8::9]', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['2001:db8:1:2:3:4:10.0.0.9', '2001:db8:1:2::/64'],
    // As long as an address can be.
    ['2001:0db8:0001:0002:0003:0004:255.255.255.255', '2001:db8:1:2::/64'],
    ['64:ff9b::10.0.0.9', '64:ff9b:0:0::/64'],
    ['::ffff:10.0.0.9', '10.0.0.9'],
    ['::FFFF:10.0.0.9', '10.0.0.9'],
  ]
  for (const [peer, name] of rows)
    test(`${peer}: ${name}`, () => assert.equal(peerName(peer), name))
})

describe('what is no IPv6 address is its own name', () => {
  const others = [
    '',
    'gateway',
    'unix:/run/broker',
    '10.0.0.9:1883',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::1',
    '2001:db8:1::4:5:6:7:8',
    ':::',
    `${'1:'.repeat(40_000)}:1`,
  ]
  for (const peer of others) {
    test(JSON.stringify(peer.slice(0, 40)), () => assert.equal(peerName(peer), peer))
  }
})
