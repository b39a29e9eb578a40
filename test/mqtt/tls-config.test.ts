/**
 * The TLS keys of a broker's configuration: what they mean, and how a mistake is told.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseBrokerConfig } from '../../adapters/mqtt/config.ts'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { authority, clients } from '../support/certificates.ts'

const { cert, key } = clients.good
const caCerts = authority.cert
const SECRET = key.split('\n')[1]!
const tcp = (host: string, port: number) => ({ transport: 'tcp', host, port })
const webSocket = (url: string) => ({ transport: 'websocket', url })

describe('a connection has TLS', () => {
  const secure: [config: BrokerConfig, address: unknown][] = [
    [{ tls: true }, tcp('localhost', 8883)],
    [{ tls: true, host: 'a' }, tcp('a', 8883)],
    [{ tls: true, host: 'a', port: 1883 }, tcp('a', 1883)],
    [{ url: 'mqtts://a' }, tcp('a', 8883)],
    [{ url: 'mqtts://a/' }, tcp('a', 8883)],
    [{ url: 'mqtts://[::1]:1' }, tcp('::1', 1)],
    [{ url: 'mqtts://a:1883', tls: true }, tcp('a', 1883)],
    [{ url: 'wss://a/mqtt' }, webSocket('wss://a/mqtt')],
    [{ url: 'wss://a:1/mqtt?x=1', tls: true }, webSocket('wss://a:1/mqtt?x=1')],
  ]
  for (const [config, address] of secure) {
    test(`with ${JSON.stringify(config)}`, () => {
      const resolved = parseBrokerConfig(config, 'x')
      assert.deepEqual(resolved.address, address)
      assert.deepEqual(resolved.tls, {})
    })
  }

  for (const config of [{}, { tls: false }, { url: 'mqtt://a', tls: false }, { url: 'ws://a' }]) {
    test(`not with ${JSON.stringify(config)}`, () => {
      assert.equal(parseBrokerConfig(config, 'x').tls, undefined)
    })
  }

  for (const files of [
    { caCerts },
    { caCerts: `\n  ${caCerts}` },
    { caCerts: '/etc/mqtt/ca.crt' },
    { certFile: cert, keyFile: key },
    { certFile: 'client.crt', keyFile: 'client.key' },
    { caCerts: 'a file', certFile: cert, keyFile: 'client.key' },
    { caCerts: caCerts.repeat(200) },
  ]) {
    test(`with ${JSON.stringify(files).slice(0, 60)}, as given`, () => {
      assert.deepEqual(parseBrokerConfig({ tls: true, ...files }, 'x').tls, files)
    })
  }
})

describe('a mistake is refused by name', () => {
  const mistakes: [config: unknown, key: string, message: RegExp][] = [
    [{ tls: 'yes' }, 'tls', /true or false/],
    [{ tls: true, url: 'mqtt://a' }, 'tls', /contradicts mqtt: in url: write mqtts:/],
    [{ tls: true, url: 'ws://a' }, 'tls', /contradicts ws: in url: write wss:/],
    [{ tls: false, url: 'mqtts://a' }, 'tls', /contradicts mqtts: in url/],
    [{ tls: false, url: 'wss://a' }, 'tls', /contradicts wss: in url/],
    [{ url: 'mqtts://a/path' }, 'url', /path with mqtts:/],
    [{ caCerts }, 'caCerts', /needs TLS/],
    [{ url: 'ws://a', caCerts }, 'caCerts', /needs TLS/],
    [{ url: 'mqtt://a', certFile: cert, keyFile: key }, 'certFile', /needs TLS/],
    [{ tls: false, keyFile: key }, 'keyFile', /needs TLS/],
    [{ tls: true, certFile: cert }, 'keyFile', /needed beside certFile/],
    [{ tls: true, keyFile: key }, 'certFile', /needed beside keyFile/],
    [{ tls: true, caCerts: 5 }, 'caCerts', /PEM text or the path/],
    [{ tls: true, caCerts: '' }, 'caCerts', /not be empty/],
    [{ tls: true, caCerts: 'a\0' }, 'caCerts', /NUL/],
    [{ tls: true, caCerts: `${SECRET}\n${SECRET}` }, 'caCerts', /begins with "-----BEGIN"/],
    [{ tls: true, caCerts: key }, 'caCerts', /holds no certificate/],
    [{ tls: true, certFile: key, keyFile: cert }, 'certFile', /holds no certificate/],
    [{ tls: true, certFile: cert, keyFile: cert }, 'keyFile', /holds no private key/],
    [
      { tls: true, certFile: cert, keyFile: key.replaceAll('PRIVATE', 'ENCRYPTED PRIVATE') },
      'keyFile',
      /encrypted/,
    ],
    [{ tls: true, rejectUnauthorized: false }, 'rejectUnauthorized', /not a setting/],
    [{ tls: true, ca: caCerts }, 'ca', /not a setting/],
  ]
  for (const [config, name, message] of mistakes) {
    test(`${JSON.stringify(config).slice(0, 60)}: ${name}`, () => {
      assert.throws(
        () => parseBrokerConfig(config, 'brokers.lorawan'),
        (error) => {
          assert.ok(error instanceof ConfigError)
          assert.equal(error.key, `brokers.lorawan.${name}`)
          assert.match(error.message, message)
          assert.ok(!error.message.includes(SECRET))
          return true
        },
      )
    })
  }
})

/** Runs something as if on another runtime. */
function pretending(globals: Readonly<Record<string, unknown>>, run: () => void): void {
  const before = new Map(
    Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]),
  )
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  }
  try {
    run()
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor)
      else Reflect.deleteProperty(globalThis, name)
    }
  }
}

describe('what a runtime cannot do is refused when it is configured', () => {
  for (const [runtime, globals] of [
    ['a browser', { process: undefined }],
    ['a browser with a bundled process', { process: { env: {} } }],
    ['an edge worker', { navigator: { userAgent: 'Cloudflare-Workers' } }],
  ] as const) {
    for (const [config, name] of [
      [{ url: 'wss://a', caCerts }, 'caCerts'],
      [{ url: 'wss://a', certFile: cert, keyFile: key }, 'certFile'],
      [{ url: 'mqtts://a', caCerts: '/etc/ca.crt' }, 'caCerts'],
      [{ url: 'mqtts://a' }, 'tls'],
      [{ tls: true }, 'tls'],
    ] as const) {
      test(`${runtime}: ${JSON.stringify(config).slice(0, 50)}`, () => {
        pretending(globals, () => assert.throws(() => mqtt(config), { key: `mqtt.${name}` }))
      })
    }

    test(`${runtime} takes wss: under the authorities it trusts`, () => {
      pretending(globals, () => mqtt({ url: 'wss://a/mqtt' }))
    })
  }
})
