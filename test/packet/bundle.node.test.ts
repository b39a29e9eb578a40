/**
 * The client's half, alone in a bundle for browsers: how large it is, and that nothing of the server's
 * half comes along.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { browserBundle } from '../support/browser-bundle.ts'

/** Bytes. */
const MAX_GZIP = 2_560

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a bundler takes of some exports. */
async function bundled(exports: readonly string[]): Promise<string> {
  const own = mkdtempSync(join(tmpdir(), 'devicehub-packet-'))
  try {
    const file = join(own, 'use.ts')
    const lines = exports.map((line) => line.replace('./', root))
    writeFileSync(file, `${lines.join('\n')}\n`)
    return await browserBundle(file, { minify: true }, (out) =>
      readFileSync(join(out, 'program.js'), 'utf8'),
    )
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

/** What the small client reads and writes packets with. */
const client = [
  "export { readProperties, readPublish, readReason } from './adapters/browser/decode.ts'",
  "export { connect, packet, publish, text, u16 } from './adapters/browser/encode.ts'",
  "export { Frames } from './adapters/browser/frames.ts'",
]
const server = [
  "export { serverReader } from './src/packet/server-reader.ts'",
  "export { encodeServerPacket } from './src/packet/encode-server.ts'",
]

/** Each stands in one function of the half that it belongs to. */
const ONLY_CLIENT = 'a length has more than four bytes'
const ONLY_SERVER = 'the reserved connect flag is set'

test(`takes at most ${MAX_GZIP} bytes with gzip`, async () => {
  const code = await bundled(client)
  const { length } = gzipSync(code, { level: 9 })
  assert.ok(length <= MAX_GZIP, `${length} bytes`)
  assert.ok(code.includes(ONLY_CLIENT))
  assert.ok(!code.includes(ONLY_SERVER))
})

test('and the same of the other half', async () => {
  const code = await bundled(server)
  assert.ok(code.includes(ONLY_SERVER))
  assert.ok(!code.includes(ONLY_CLIENT))
})
