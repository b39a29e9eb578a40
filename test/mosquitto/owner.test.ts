/**
 * The owner of exported files: whoever reads one of them reads the other.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, describe, test } from 'node:test'
import * as v from 'valibot'
import { writeMosquittoFiles } from '../../adapters/mosquitto/index.ts'
import { createFleet, defineDeviceType, memoryStore } from '../../src/index.ts'

const OWNER = 1_883
const skip = process.getuid?.() === 0 ? false : 'only root may give files away'
const folder = mkdtempSync(join(tmpdir(), 'devicehub-owner-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const sealingKey = 'a sealing key of at least 32 bytes'

describe('files that are written as root', { skip }, () => {
  for (const [title, there] of [
    ['both keep their owner', ['passwords', 'acl']],
    ['one that was not there gets the owner of the other: acl', ['passwords']],
    ['one that was not there gets the owner of the other: passwords', ['acl']],
  ] as const) {
    test(title, async () => {
      const path = (name: string) => join(folder, `${there.join('-')}-${name}`)
      for (const name of there) {
        writeFileSync(path(name), '', { mode: 0o600 })
        chownSync(path(name), OWNER, OWNER)
      }
      const fleet = createFleet({ types: [pump], store: memoryStore(), sealingKey })
      await fleet.provision(pump, 'P-1')
      const files = { passwordFile: path('passwords'), aclFile: path('acl') }
      assert.equal((await writeMosquittoFiles(fleet, files)).changed, true)
      for (const file of Object.values(files)) {
        const { uid, gid, mode } = statSync(file)
        assert.deepEqual([uid, gid, mode & 0o777], [OWNER, OWNER, 0o600], file)
      }
    })
  }
})
