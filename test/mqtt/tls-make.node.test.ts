/**
 * The script that makes certificates for trials.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'

const folder = join(mkdtempSync(join(tmpdir(), 'devicehub-make-')), 'made')
after(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

function make(...args: string[]) {
  const script = ['--import=tsx', 'examples/certificates/make.ts', ...args]
  return spawnSync(process.execPath, script, { encoding: 'utf8', timeout: 30_000 })
}

describe('the script for certificates', () => {
  test('makes an authority, a server and a client', () => {
    const { stdout, stderr, status } = make(folder, 'broker.test', '127.0.0.1')
    assert.equal(status, 0, stderr)
    assert.match(stdout, /The server is broker\.test, 127\.0\.0\.1\./)
    const names = ['ca.crt', 'client.crt', 'client.key', 'server.crt', 'server.key']
    assert.deepEqual(readdirSync(folder).sort(), names)
    const read = (name: string) => new X509Certificate(readFileSync(join(folder, name)))
    const ca = read('ca.crt')
    assert.ok(ca.ca)
    for (const name of ['server.crt', 'client.crt']) assert.ok(read(name).verify(ca.publicKey))
    assert.ok(read('server.crt').checkHost('broker.test'))
    assert.ok(read('server.crt').checkIP('127.0.0.1'))
    assert.equal(read('server.crt').checkHost('localhost'), undefined)
    for (const name of ['server.key', 'client.key']) {
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
    }
  })

  test('overwrites nothing', () => {
    const before = readFileSync(join(folder, 'ca.crt'), 'utf8')
    const { stderr, status } = make(folder)
    assert.equal(status, 1)
    assert.match(stderr, /ca\.crt is there already/)
    assert.equal(readFileSync(join(folder, 'ca.crt'), 'utf8'), before)
  })

  const hasOpenssl = spawnSync('openssl', ['version']).error === undefined
  const skip = hasOpenssl ? false : 'openssl is not installed'
  test('makes what openssl accepts at its strictest', { skip }, () => {
    const files = ['ca.crt', 'server.crt', 'client.crt'].map((name) => join(folder, name))
    const args = ['verify', '-x509_strict', '-CAfile', ...files]
    const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
    assert.equal(stdout.match(/: OK$/gm)?.length, 2, stdout + stderr)
  })
})
