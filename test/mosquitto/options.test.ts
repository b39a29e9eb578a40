/**
 * What the functions for Mosquitto are given is looked at before anything is done.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  dynamicSecurity,
  dynamicSecurityDocument,
  writeMosquittoFiles,
} from '../../adapters/mosquitto/index.ts'
import { memoryBroker } from '../../src/index.ts'
import { makeFleet, quietLogger } from './site.ts'

describe('an option that is none is refused, by its key', () => {
  const fleet = makeFleet()
  const broker = memoryBroker()
  const admin = { username: 'admin', password: 'correct horse battery' }
  const files = { passwordFile: '/dev/null/passwords', aclFile: '/dev/null/acl' }
  const rows: [name: string, call: (options: never) => unknown, options: unknown, key: string][] = [
    ['dynamicSecurity', (o) => dynamicSecurity(fleet, o), undefined, 'options'],
    ['dynamicSecurity', (o) => dynamicSecurity(fleet, o), { broker, log: console }, 'log'],
    [
      'the document',
      (o) => dynamicSecurityDocument(fleet, o),
      { administrator: admin },
      'administrator',
    ],
    ['the document', (o) => dynamicSecurityDocument(fleet, o), {}, 'admin'],
    [
      'the document',
      (o) => dynamicSecurityDocument(fleet, o),
      { admin: { ...admin, role: 'x' } },
      'admin.role',
    ],
    ['the files', (o) => writeMosquittoFiles(fleet, o), { ...files, pid: 7 }, 'pid'],
    [
      'the files',
      (o) => writeMosquittoFiles(fleet, o),
      { passwordFile: files.passwordFile },
      'aclFile',
    ],
    [
      'the files',
      (o) => writeMosquittoFiles(fleet, o),
      { ...files, passwordFile: 7 },
      'passwordFile',
    ],
  ]
  for (const [name, call, options, key] of rows) {
    test(`${name}: ${key}`, async () => {
      await assert.rejects(async () => call(options as never), { name: 'ConfigError', key })
    })
  }
})

test('dynamic security is closed by `await using`', async () => {
  const broker = memoryBroker()
  {
    await using _security = dynamicSecurity(makeFleet(), { broker, logger: quietLogger() })
  }
  const connecting = broker.connect({ onMessage: () => {} })
  await assert.rejects(connecting, { code: 'ERR_BROKER_CLOSED' })
})
