/**
 * The embedded broker over TLS and mutual TLS, on TCP and WebSocket.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type EmbeddedTls, embeddedBroker } from '../../adapters/embedded/index.ts'
import { createFleet, memoryStore } from '../../src/index.ts'
import { authority, clients, otherAuthority, servers } from '../support/certificates.ts'
import { within } from '../support/wait.ts'
import { CapturedLog, OFFICE, openClient, portOf } from './fixture.ts'

const { cert, key } = servers.good
const PLAIN: EmbeddedTls = { certFile: cert, keyFile: key }
const MUTUAL: EmbeddedTls = { ...PLAIN, caCerts: authority.cert }
const trusting = { ca: authority.cert }

async function start(tls: EmbeddedTls) {
  const rules = [{ effect: 'allow', actions: ['publish', 'subscribe'], filter: '#' }] as const
  const services = [{ ...OFFICE, rules }]
  const fleet = createFleet({ types: [], store: memoryStore(), services })
  const logger = new CapturedLog()
  const broker = await embeddedBroker(fleet, { port: 0, websocket: { port: 0 }, tls, logger })
  // The certificate is for this name.
  const named = (url: string) => url.replace('127.0.0.1', 'localhost')
  const urls = { TCP: named(broker.url), WebSocket: named(broker.websocketUrl!) }
  return { broker, logger, urls, [Symbol.asyncDispose]: () => broker.close() }
}

/** The name and the serial number of the certificate that a port shows. */
async function shownBy(url: string): Promise<string> {
  const socket = connectTls({ port: portOf(url), host: '127.0.0.1', rejectUnauthorized: false })
  socket.on('error', () => {})
  const shown = new Promise<string>((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket.getPeerCertificate().serialNumber))
    socket.once('close', () => reject(new Error('The connection ended')))
  })
  try {
    return await within(shown, 'handshake')
  } finally {
    socket.destroy()
  }
}

for (const transport of ['TCP', 'WebSocket'] as const) {
  describe(`TLS over ${transport}`, () => {
    test('carries MQTT both ways to whoever trusts it', async () => {
      await using site = await start(PLAIN)
      const url = site.urls[transport]
      assert.match(url, transport === 'TCP' ? /^mqtts:/ : /^wss:/)
      const client = await openClient(url, { ...OFFICE, ...trusting })
      await client.mqtt.subscribeAsync('x', { qos: 1 })
      const large = 'x'.repeat(300_000)
      for (let i = 0; i < 10; i++) await client.mqtt.publishAsync('x', `${i}${large}`, { qos: 1 })
      const messages = await client.messages.reach(10, 'messages')
      assert.deepEqual(
        messages.map(({ text }) => [text[0], text.length]),
        Array.from({ length: 10 }, (_, i) => [`${i}`, large.length + 1]),
      )
      client.mqtt.end(true)
    })

    test('is refused by whoever trusts another authority, and others are served', async () => {
      await using site = await start(PLAIN)
      const url = site.urls[transport]
      await assert.rejects(openClient(url, { ...OFFICE, ca: otherAuthority.cert }))
      const client = await openClient(url, { ...OFFICE, ...trusting })
      assert.equal(client.mqtt.connected, true)
      client.mqtt.end(true)
    })

    test('takes no connection without TLS', async () => {
      await using site = await start(PLAIN)
      const url = site.urls[transport].replace(/^(mqtt|ws)s:/, '$1:')
      await assert.rejects(openClient(url, { ...OFFICE }))
      assert.equal(site.broker.connections, 0)
    })

    test('with caCerts lets in who has a certificate of that authority', async () => {
      await using site = await start(MUTUAL)
      const known = { ...trusting, ...clients.good }
      const client = await openClient(site.urls[transport], { ...OFFICE, ...known })
      await client.mqtt.publishAsync('x', '', { qos: 1 })
      client.mqtt.end(true)
    })

    for (const [title, certificate] of [
      ['no certificate', {}],
      ['one of another authority', clients.ofAnother],
      ['one that has expired', clients.expired],
    ] as const) {
      test(`with caCerts keeps out who has ${title}`, async () => {
        await using site = await start(MUTUAL)
        const login = { ...OFFICE, ...trusting, ...certificate }
        await assert.rejects(openClient(site.urls[transport], login))
        assert.equal(site.broker.connections, 0)
      })
    }
  })
}

test('a certificate does not take the place of a login', async () => {
  await using site = await start(MUTUAL)
  const login = { ...trusting, ...clients.good, username: OFFICE.username, password: 'guess' }
  await assert.rejects(openClient(site.urls.TCP, login), { code: 0x86 })
})

const onBun = 'bun' in process.versions && 'Bun cannot'

describe('certificates that are renewed', () => {
  test('count for new connections, and no connection ends', { skip: onBun }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'devicehub-tls-'))
    try {
      const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
      await writeFile(files.certFile, cert)
      await writeFile(files.keyFile, key)
      await using site = await start(files)
      const client = await openClient(site.urls.TCP, { ...OFFICE, ...trusting })
      const before = await shownBy(site.urls.TCP)
      const next = await authority.issue({ name: 'localhost', hosts: ['localhost', '127.0.0.1'] })
      await writeFile(files.certFile, next.cert)
      await assert.rejects(site.broker.reloadCertificates(), { key: 'tls.keyFile' })
      assert.equal(await shownBy(site.urls.TCP), before)
      await writeFile(files.keyFile, next.key)
      await site.broker.reloadCertificates()
      for (const url of Object.values(site.urls)) assert.notEqual(await shownBy(url), before)
      const other = await openClient(site.urls.WebSocket, { ...OFFICE, ...trusting })
      await client.mqtt.publishAsync('x', '', { qos: 1 })
      client.mqtt.end(true)
      other.mqtt.end(true)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('are refused by name on Bun', { skip: !onBun && 'it is not Bun' }, async () => {
    await using site = await start(PLAIN)
    await assert.rejects(site.broker.reloadCertificates(), { code: 'ERR_RUNTIME_UNSUPPORTED' })
    assert.notEqual(await shownBy(site.urls.TCP), '')
  })

  test('are not to be had where there are none', async () => {
    const fleet = createFleet({ types: [], store: memoryStore() })
    await using broker = await embeddedBroker(fleet, { port: 0 })
    await assert.rejects(broker.reloadCertificates(), { code: 'ERR_CONFIG', key: 'tls' })
  })
})

describe('settings of TLS that are of no use are refused by their key:', () => {
  for (const [title, tls, wrong, problem] of [
    ['no key', { certFile: cert } as never, 'tls.keyFile', /PEM text or the path/],
    ['no certificate', { keyFile: key } as never, 'tls.certFile', /PEM text or the path/],
    ['another word', { ...PLAIN, cert: 'x' } as never, 'tls.cert', /is no option/],
    ['no object', true as never, 'tls', /must be an object/],
    ['a key for a certificate', { ...PLAIN, certFile: key }, 'tls.certFile', /no certificate/],
    ['a certificate for a key', { ...PLAIN, keyFile: cert }, 'tls.keyFile', /no private key/],
    ['a key for authorities', { ...PLAIN, caCerts: key }, 'tls.caCerts', /no certificate/],
    ['a file that is not there', { ...PLAIN, certFile: '/nowhere.pem' }, 'tls.certFile', /ENOENT/],
    ['a key of another', { ...PLAIN, keyFile: clients.good.key }, 'tls.keyFile', /belong/],
    [
      'a damaged certificate',
      { ...PLAIN, certFile: `${cert.slice(0, 200)}\n-----END CERTIFICATE-----\n` },
      'tls.certFile',
      /damaged/,
    ],
  ] as const) {
    test(title, async () => {
      await assert.rejects(start(tls), (error: Error & { code?: string; key?: string }) => {
        assert.deepEqual([error.code, error.key], ['ERR_CONFIG', wrong])
        assert.match(error.message, problem)
        assert.ok(!error.message.includes(key.slice(30, 90)) && !error.message.includes('nowhere'))
        return true
      })
    })
  }
})
