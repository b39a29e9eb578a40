/**
 * The configuration of a broker: what it may hold, and how a mistake is told.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseBrokerConfig } from '../../adapters/mqtt/config.ts'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { ConfigError } from '../../src/base/errors.ts'

const SECRET = 'correct-horse'

describe('a broker configuration', () => {
  test('has a default for everything', () => {
    assert.deepEqual(parseBrokerConfig({}, 'brokers.default'), {
      address: { transport: 'tcp', host: 'localhost', port: 1883 },
      tls: undefined,
      username: undefined,
      password: undefined,
      clientId: undefined,
      keepalive: 60,
      sharedSubscriptions: true,
      shareName: 'devicehub',
      cleanStart: true,
      sessionExpiry: 0,
      receiveMaximum: 64,
      maxPacketSize: 16_777_216,
      connectTimeout: 10,
      waitForBroker: false,
      publishTimeout: 30,
      protocolVersion: 5,
    })
  })

  const addresses: [config: BrokerConfig, address: unknown][] = [
    [{ host: 'a' }, { transport: 'tcp', host: 'a', port: 1883 }],
    [{ port: 1 }, { transport: 'tcp', host: 'localhost', port: 1 }],
    [{ url: 'mqtt://a' }, { transport: 'tcp', host: 'a', port: 1883 }],
    [{ url: 'mqtt://a:65535/' }, { transport: 'tcp', host: 'a', port: 65535 }],
    [{ host: '::1' }, { transport: 'tcp', host: '::1', port: 1883 }],
    [
      { host: '[::1]', port: 2 },
      { transport: 'tcp', host: '::1', port: 2 },
    ],
    [{ host: '[fe80::1%eth0]' }, { transport: 'tcp', host: 'fe80::1%eth0', port: 1883 }],
    [{ host: '127.0.0.1' }, { transport: 'tcp', host: '127.0.0.1', port: 1883 }],
    [{ url: 'mqtt://[::1]:2' }, { transport: 'tcp', host: '::1', port: 2 }],
    [{ url: 'ws://a' }, { transport: 'websocket', url: 'ws://a/' }],
    [{ url: 'ws://a:8083/mqtt?x=1' }, { transport: 'websocket', url: 'ws://a:8083/mqtt?x=1' }],
  ]
  for (const [config, address] of addresses) {
    test(`${JSON.stringify(config)} is an address`, () => {
      assert.deepEqual(parseBrokerConfig(config, 'x').address, address)
    })
  }

  const mistakes: [config: unknown, key: string, message: RegExp][] = [
    [null, '', /must be an object/],
    ['mqtt://a', '', /must be an object/],
    [{ prot: 1883 }, '.prot', /is not a setting/],
    [{ host: 5 }, '.host', /must be a string/],
    [{ host: '' }, '.host', /must not be empty/],
    [{ host: 'a:1883' }, '.host', /a port goes to the key port/],
    [{ host: '[::1]:1883' }, '.host', /a port goes to the key port/],
    [{ host: '[a]' }, '.host', /host name or an IP address/],
    [{ host: '[::1' }, '.host', /host name or an IP address/],
    [{ maxPacketSize: 1_023 }, '.maxPacketSize', /from 1024 to 268435460/],
    [{ maxPacketSize: 268_435_461 }, '.maxPacketSize', /from 1024 to 268435460/],
    [{ port: 0 }, '.port', /from 1 to 65535/],
    [{ port: 65_536 }, '.port', /from 1 to 65535/],
    [{ port: 1.5 }, '.port', /from 1 to 65535/],
    [{ port: '1883' }, '.port', /from 1 to 65535/],
    [{ url: 'a:1883' }, '.url', /must be mqtt:\/\/host:port/],
    [{ url: 'mqtt://' }, '.url', /must be mqtt:\/\/host:port/],
    [{ url: 'mqtt://a:70000' }, '.url', /must be mqtt:\/\/host:port/],
    [{ url: 'mqtt://a:0' }, '.url', /port 0/],
    [{ url: 'mqtt://a/path' }, '.url', /path/],
    [{ url: 'ws://a/#x' }, '.url', /fragment/],
    [{ url: 'http://a' }, '.url', /must start with mqtt:, mqtts:, ws: or wss:, not http:/],
    [{ url: `mqtt://hub:${SECRET}@a` }, '.url', /use the keys username and password/],
    [{ url: 'mqtt://hub@a' }, '.url', /use the keys username and password/],
    [{ url: `nonsense ${SECRET}` }, '.url', /must be mqtt:\/\/host:port/],
    [{ url: 'mqtt://a', host: 'a' }, '.host', /beside url/],
    [{ url: 'mqtt://a', port: 1 }, '.port', /beside url/],
    [{ username: 5 }, '.username', /must be a string/],
    [{ username: 'a\0' }, '.username', /NUL/],
    [{ username: 'u', password: [SECRET] }, '.password', /must be a string/],
    [{ username: 'u', password: () => SECRET }, '.password', /must be a string/],
    [{ password: SECRET }, '.password', /needs a username/],
    [{ credentials: { username: 'u', password: SECRET } }, '.credentials', /must be a function/],
    [{ credentials: SECRET }, '.credentials', /must be a function/],
    [{ credentials: () => SECRET, username: 'u' }, '.username', /beside credentials/],
    [{ credentials: () => SECRET, password: SECRET }, '.password', /beside credentials/],
    [{ waitForBroker: 1 }, '.waitForBroker', /true or false/],
    [{ clientId: '' }, '.clientId', /must not be empty/],
    [{ clientId: 'x'.repeat(65_536) }, '.clientId', /longer than 65535 bytes/],
    [{ keepalive: -1 }, '.keepalive', /from 0 to 65535/],
    [{ keepalive: Number.NaN }, '.keepalive', /from 0 to 65535/],
    [{ keepalive: 65_536 }, '.keepalive', /from 0 to 65535/],
    [{ sharedSubscriptions: 'yes' }, '.sharedSubscriptions', /true, false or 'required'/],
    [{ shareName: '' }, '.shareName', /must not be empty/],
    [{ shareName: 'a/b' }, '.shareName', /must not hold/],
    [{ shareName: '+' }, '.shareName', /must not hold/],
    [{ cleanStart: 0 }, '.cleanStart', /true or false/],
    [{ sessionExpiry: -1 }, '.sessionExpiry', /from 0 to 4294967295/],
    [{ sessionExpiry: 60, protocolVersion: 4 }, '.sessionExpiry', /needs MQTT 5/],
    [{ receiveMaximum: 0 }, '.receiveMaximum', /from 1 to 65535/],
    [{ receiveMaximum: 65_536 }, '.receiveMaximum', /from 1 to 65535/],
    [{ connectTimeout: 0 }, '.connectTimeout', /seconds above 0, up to 600/],
    [{ connectTimeout: -1 }, '.connectTimeout', /seconds above 0/],
    [{ connectTimeout: '10' }, '.connectTimeout', /seconds above 0/],
    [{ connectTimeout: 601 }, '.connectTimeout', /seconds above 0, up to 600/],
    [{ connectTimeout: 10_000 }, '.connectTimeout', /seconds/],
    [{ publishTimeout: Number.NaN }, '.publishTimeout', /seconds/],
    [{ publishTimeout: 30_000 }, '.publishTimeout', /seconds/],
    [{ publishTimeout: Number.POSITIVE_INFINITY }, '.publishTimeout', /seconds/],
    [{ protocolVersion: 3 }, '.protocolVersion', /must be 5, or 4/],
  ]
  for (const [config, key, message] of mistakes) {
    test(`${JSON.stringify(config).slice(0, 60)} is refused by name`, () => {
      assert.throws(
        () => parseBrokerConfig(config, 'brokers.default'),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.equal(error.key, `brokers.default${key}`)
          assert.match(error.message, message)
          assert.doesNotMatch(error.message, new RegExp(SECRET))
          return true
        },
      )
    })
  }

  test('is checked by mqtt() at once', () => {
    assert.throws(() => mqtt({ prot: 1 } as BrokerConfig), { key: 'mqtt.prot' })
  })
})
