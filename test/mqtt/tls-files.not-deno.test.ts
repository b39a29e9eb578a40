/**
 * Certificates in files: what cannot be used, and what is renewed while a connection is lost; and
 * handshakes that end otherwise than in a certificate's name.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import { CertificateError } from '../../src/base/errors.ts'
import { authority, clients, otherAuthority, servers } from '../support/certificates.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector } from '../support/wait.ts'
import { attempt } from './attempt.ts'
import { connectClient, makeClient, typesOf } from './client.ts'

const folder = mkdtempSync(join(tmpdir(), 'devicehub-tls-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const path = (name: string) => join(folder, name)
function file(name: string, text: string): string {
  writeFileSync(path(name), text)
  return path(name)
}

const caCerts = authority.cert
const { cert, key } = clients.good
const damaged = (pem: string) => pem.replace(/\n.{10}/, '\nAAAAAAAAAA')

describe('what cannot be used is told before anything is dialled', () => {
  const certFile = file('client.crt', cert)
  const rows: [name: string, config: BrokerConfig, end: string, message: RegExp][] = [
    ['no file', { caCerts: path('none') }, 'unreadable', /caCerts cannot be read: ENOENT/],
    ['a folder', { caCerts: folder }, 'unreadable', /caCerts cannot be read: EISDIR/],
    ['a key as a path', { certFile, keyFile: 'c2VjcmV0'.repeat(99) }, 'unreadable', /ENAMETOOLONG/],
    ['an empty file', { caCerts: file('empty', '') }, 'unreadable', /no certificate in PEM/],
    ['a key for a certificate', { caCerts: file('k', key) }, 'unreadable', /no certificate in PEM/],
    ['a certificate for a key', { certFile, keyFile: certFile }, 'unreadable', /no private key/],
    ['a damaged authority', { caCerts: damaged(caCerts) }, 'unreadable', /damaged certificate/],
    ['one cut short', { caCerts: caCerts.slice(0, 200) }, 'unreadable', /damaged certificate/],
    ['a damaged key', { certFile, keyFile: damaged(key) }, 'unreadable', /damaged private key/],
    ['another key', { certFile, keyFile: clients.expired.key }, 'key-mismatch', /does not belong/],
  ]
  for (const [name, config, end, message] of rows) {
    test(name, async () => {
      await using server = await listen(createServer())
      const outcome = await attempt({ tls: true, ...server.at, ...config })
      assert.equal(outcome.end, `ERR_BROKER_CERTIFICATE:${end}`)
      assert.match(outcome.message, message)
      assert.doesNotMatch(outcome.message, /c2VjcmV0|[A-Za-z0-9+=]{60}/)
      assert.equal(server.dialled.items.length, 0)
    })
  }
})

describe('a handshake', () => {
  test('that is never answered takes no longer than allowed', async () => {
    await using server = await listen(createServer())
    const { end } = await attempt({ tls: true, ...server.at, connectTimeout: 0.2 })
    assert.equal(end, 'ERR_BROKER_TIMEOUT')
  })

  test('with a listener that has no TLS is unreachable', async () => {
    await using server = await listen(createServer((socket) => socket.end('no TLS here')))
    const { end } = await attempt({ tls: true, ...server.at })
    assert.equal(end, 'ERR_BROKER_UNREACHABLE')
  })

  test('of TLS 1.2 that may lack a client certificate says so', async () => {
    const wanted: TlsOptions = { ca: caCerts, requestCert: true, rejectUnauthorized: true }
    const tls: TlsOptions = { ...servers.good, ...wanted, maxVersion: 'TLSv1.2' }
    await using server = await listen(createTlsServer(tls))
    const { end, message } = await attempt({ tls: true, ...server.at, caCerts })
    assert.equal(end, 'ERR_BROKER_UNREACHABLE')
    assert.match(message, /If it wants a client certificate, give certFile and keyFile/)
  })

  test('of TLS 1.1 is refused', async () => {
    const tls: TlsOptions = { ...servers.good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }
    await using server = await listen(createTlsServer(tls))
    const { end } = await attempt({ tls: true, ...server.at, caCerts })
    assert.equal(end, 'ERR_BROKER_UNREACHABLE')
  })
})

test('a file is read anew for each connection', { skip: mosquittoMissing }, async () => {
  const mosquitto = await startMosquitto({ listeners: { tls: { tls: servers.good } } })
  const authorities = file('authorities.crt', caCerts)
  const url = `mqtts://localhost:${mosquitto.ports.get('tls')}`
  try {
    await using client = await connectClient({ url, caCerts: authorities })
    file('authorities.crt', otherAuthority.cert)
    await mosquitto.kill()
    await client.statuses.reach(2, 'statuses')
    await mosquitto.restart()
    const refused = () =>
      client.failedReconnects.items.flatMap(({ error }) =>
        error instanceof CertificateError ? [error.problem] : [],
      )
    // It may have been tried before Mosquitto was back.
    for (let count = 1; refused().length < 2; count++) {
      await client.failedReconnects.reach(count, 'failed reconnects', 40_000)
    }
    assert.deepEqual(refused().slice(0, 2), ['unknown-authority', 'unknown-authority'])
    file('authorities.crt', caCerts)
    await client.statuses.reach(3, 'statuses', 40_000)
    assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
  } finally {
    await mosquitto.stop()
  }
})

test('a bad certificate is tried once at the start', async () => {
  await using server = await listen(createTlsServer({ ...servers.expired }))
  await using client = makeClient({ tls: true, ...server.at, caCerts })
  await assert.rejects(client.connect(), { code: 'ERR_BROKER_CERTIFICATE', problem: 'expired' })
  assert.deepEqual(
    (await client.statuses.reach(1, 'status')).map(({ kind: type }) => type),
    ['closed'],
  )
  assert.equal(server.dialled.items.length, 1)
})

/** A server on a free port of 127.0.0.1, and the connections that were made to it. */
async function listen(server: Server) {
  const dialled = new Collector<{ destroy(): void }>()
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    dialled.push(socket)
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    at: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    dialled,
    async [Symbol.asyncDispose]() {
      for (const socket of dialled.items) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
