/**
 * A fleet as `password_file` and `acl_file`, on a real Mosquitto that reads them again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { mosquittoFileParts, writeMosquittoFiles } from '../../adapters/mosquitto/index.ts'
import { passwordHasher } from '../../src/credential/generated.ts'
import { passwordVerifier } from '../../src/credential/verifier.ts'
import { createFleet, type Fleet, hashPassword, memoryStore } from '../../src/index.ts'
import { generatedMosquitto } from '../support/generated.ts'
import {
  type Mosquitto,
  mosquittoMissing,
  mosquittoVersion,
  startMosquitto,
} from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import {
  type Credentials,
  closed,
  connect,
  declareTable,
  HUB,
  makeFleet,
  mayConnect,
  mayPublish,
  pump,
  sealingKey,
  type TableSite,
  valve,
} from './site.ts'

/** What `mosquitto_passwd` of Mosquitto 2.0 made of `correct horse`. */
const MOSQUITTO_HASH =
  '$7$101$DV1ak50k7Yv2F900$CQdj4Ct4ReuhN8eDRLKqswT4qsq9oWhZtIdwbQKr/ggpeYcc6yvWlIyK2+gnk0ZXK7fFtoiUJvEEv2riHPqyJg=='

const folder = mkdtempSync(join(tmpdir(), 'devicehub-files-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Paths in a folder of their own. */
function paths(name: string) {
  mkdirSync(join(folder, name))
  const path = (file: string) => join(folder, name, file)
  return { passwordFile: path('passwords'), aclFile: path('acl'), pidFile: path('pid') }
}

async function text(fleet: Fleet) {
  let passwords = ''
  let acl = ''
  const findings: string[] = []
  for await (const part of mosquittoFileParts(fleet)) {
    passwords += part.passwords
    acl += part.acl
    findings.push(...part.findings.map(({ username, code }) => `${username} ${code}`))
  }
  return { passwords, acl, findings }
}

/** Settles when a login is answered so, by a Mosquitto that was just told to read its files. */
async function answered(url: string, login: Credentials, may: boolean): Promise<void> {
  const end = Date.now() + 5_000
  while ((await mayConnect(url, login)) !== may) {
    assert.ok(Date.now() < end, `${login.username} is not answered ${may}`)
  }
}

describe('exported files', { skip: mosquittoMissing, timeout: 60_000 }, () => {
  const { passwordFile, aclFile, pidFile } = paths('live')
  const files = { passwordFile, aclFile }
  const fleet = makeFleet()
  let broker: Mosquitto
  let tableSite: TableSite

  before(async () => {
    for (let i = 0; i < 1_200; i++) await fleet.provision(pump, `P-${i}`)
    const login = await fleet.provision(pump, 'P-own')
    const other = await fleet.provision(valve, 'V-own', { attributes: { site: 'north' } })
    const revoked = await fleet.provision(pump, 'P-gone')
    await fleet.revoke(pump, 'P-gone')
    const { changed, logins, findings } = await writeMosquittoFiles(fleet, files)
    assert.deepEqual({ changed, logins, findings }, { changed: true, logins: 1_203, findings: [] })
    broker = await startMosquitto({
      config: generatedMosquitto('mosquitto-files', {
        password_file: passwordFile,
        acl_file: aclFile,
        pid_file: pidFile,
      }),
    })
    tableSite = { url: broker.url, pump: login, valve: other, revoked }
  })
  after(() => broker?.stop())

  declareTable(() => tableSite)

  test('a change counts when they are written and read again, and what was revoked is closed', async () => {
    const reload = { pidFile }
    const added = await fleet.provision(valve, 'V-added')
    const leaving = await fleet.provision(pump, 'P-leaving')
    assert.equal((await writeMosquittoFiles(fleet, { ...files, reload })).changed, true)
    await answered(broker.url, added, true)
    const client = await connect(broker.url, leaving)
    const rotated = await fleet.rotate(valve, 'V-added')
    await fleet.revoke(pump, 'P-leaving')
    await writeMosquittoFiles(fleet, { ...files, reload })
    await answered(broker.url, rotated, true)
    assert.equal(await mayConnect(broker.url, added), false)
    assert.equal(await mayConnect(broker.url, leaving), false)
    await within(closed(client), 'end of the connection of the revoked device')
  })

  test('holds odd device ids', async () => {
    const ids = ['7 x', '"', '\\', "it's", 'à', '水', '%u', '&;|', '$7$']
    const logins: Credentials[] = []
    for (const id of ids) logins.push(await fleet.provision(pump, `x${id}`))
    await writeMosquittoFiles(fleet, { ...files, reload: { pidFile } })
    for (const login of logins) {
      await answered(broker.url, login, true)
      const client = await connect(broker.url, login)
      assert.equal(await mayPublish(client, `things/${login.username}/data`), true)
      assert.equal(await mayPublish(client, 'things/pump/P-own/data'), false)
      await client.endAsync(true)
    }
  })

  test('nobody gets in where the passwords cannot be read again', async () => {
    const login = await fleet.provision(pump, 'P-kept')
    await writeMosquittoFiles(fleet, { ...files, reload: { pidFile } })
    await answered(broker.url, login, true)
    const client = await connect(broker.url, login)
    const away = `${passwordFile}.away`
    renameSync(passwordFile, away)
    const hangUp = () => process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGHUP')
    hangUp()
    if (mosquittoVersion === '2.0') {
      await answered(broker.url, login, false)
      assert.equal(await mayConnect(broker.url, { ...login, password: 'any' }), false)
    } else await within(closed(client), 'end of Mosquitto')
    await client.endAsync(true)
    renameSync(away, passwordFile)
    if (mosquittoVersion === '2.0') hangUp()
    else await broker.restart()
    await answered(broker.url, login, true)
  })
})

describe('the text', () => {
  test('has a line and a section for each login, and nothing for a revoked device', async () => {
    const fleet = createFleet({
      types: [pump],
      store: memoryStore(),
      sealingKey: 'a sealing key of at least 32 bytes',
    })
    await fleet.provision(pump, 'P-1')
    await fleet.provision(pump, 'P-2', { username: 'north-1' })
    const rules = [{ effect: 'allow', actions: ['publish'], filter: 'alarms/{deviceId}' }] as const
    await fleet.provision(pump, 'P-3', { rules })
    await fleet.provision(pump, 'P-4')
    await fleet.revoke(pump, 'P-4')
    const { passwords, acl, findings } = await text(fleet)
    assert.deepEqual(findings, [])
    assert.match(passwords, /^(\S+:\$7\$101\$[A-Za-z0-9+/]{16}\$[A-Za-z0-9+/]{86}==\n){3}$/)
    assert.deepEqual(
      passwords.split('\n').map((line) => line.split(':')[0]),
      ['pump/P-1', 'north-1', 'pump/P-3', ''],
    )
    assert.equal(
      acl,
      `# What no line grants is refused.

user pump/P-1
topic write things/pump/P-1/data
topic write things/pump/P-1/status
topic read things/pump/P-1/cmd

user north-1
topic write things/pump/P-2/data
topic write things/pump/P-2/status
topic read things/pump/P-2/cmd

user pump/P-3
topic write things/pump/P-3/data
topic write things/pump/P-3/status
topic read things/pump/P-3/cmd
topic write alarms/P-3
`,
    )
  })

  test('is the same for the same fleet, until a password changes', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    const first = await text(fleet)
    assert.deepEqual(await text(fleet), first)
    await fleet.rotate(pump, 'P-1')
    assert.notDeepEqual(await text(fleet), first)
  })

  test('has a hash from Mosquitto as it is, and reports what it cannot have', async () => {
    const fleet = makeFleet({
      services: [
        { ...HUB, rules: 'hub' },
        { username: 'django', passwordHash: await hashPassword('correct horse'), rules: [] },
      ],
    })
    await fleet.importDevice(pump, 'P-1', MOSQUITTO_HASH)
    await fleet.importDevice(pump, 'P-2', await hashPassword('correct horse'))
    // 2.0 reads a salt of 12 bytes only.
    const longer = MOSQUITTO_HASH.replace('DV1ak50k7Yv2F900', 'DV1ak50k7Yv2F900AAAA')
    await fleet.importDevice(pump, 'P-3', longer)
    await fleet.provision(pump, 'a:b')
    await fleet.provision(pump, 'a ')
    const limited = [{ effect: 'allow', actions: ['publish'], filter: 'x', maxQos: 0 }] as const
    await fleet.provision(pump, 'P-4', { rules: limited })
    const { passwords, acl, findings } = await text(fleet)
    assert.ok(passwords.includes(`pump/P-1:${MOSQUITTO_HASH}\n`))
    assert.deepEqual(findings.toSorted(), [
      'django password-unknown',
      'pump/P-2 password-unknown',
      'pump/P-3 password-unknown',
      'pump/P-4 rule',
      'pump/a  user-name',
      'pump/a:b user-name',
    ])
    for (const name of ['P-2', 'P-3', 'a:b', 'a ', 'django']) {
      assert.ok(!passwords.includes(name) && !acl.includes(name), name)
    }
  })

  for (const [title, key, has] of [
    ['has a password that was hashed anew, if it was sealed', sealingKey, true],
    ['says of one that was not what became of it', undefined, false],
  ] as const) {
    test(title, async () => {
      const pepper = 'a pepper of more than 16 bytes'
      const fleet = makeFleet({ pepper, rehash: true, sealingKey: key, services: [] })
      await fleet.importDevice(pump, 'P-1', MOSQUITTO_HASH)
      const login = { username: 'pump/P-1', password: 'correct horse' }
      assert.equal((await fleet.authenticate(login)).effect, 'allow')
      const parts: { passwords: string; findings: readonly { code: string; text: string }[] }[] = []
      for await (const part of mosquittoFileParts(fleet)) parts.push(part)
      const [line, hash] = parts.map(({ passwords }) => passwords.trim().split(':')).at(-1)!
      if (has) {
        assert.equal(line, 'pump/P-1')
        const verifier = passwordVerifier(passwordHasher(undefined))
        assert.equal(await verifier.verify('', 'correct horse', [hash!]), true)
      }
      assert.deepEqual(
        parts.flatMap(({ findings }) => findings),
        has
          ? []
          : [
              {
                username: 'pump/P-1',
                code: 'password-unknown',
                text: 'pump/P-1: the fleet hashed the password anew at a login ("rehash"), in a form that no broker reads, and has no sealed copy to tell it by. Rotate it.',
              },
            ],
      )
    })
  }
})

describe('writing', () => {
  test('makes files that nobody else reads, and leaves nothing beside them', async () => {
    const { passwordFile, aclFile } = paths('mode')
    await writeMosquittoFiles(makeFleet(), { passwordFile, aclFile })
    for (const file of [passwordFile, aclFile]) assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(join(folder, 'mode')).sort(), ['acl', 'passwords'])
  })

  for (const mode of [0o600, 0o640, 0o660, 0o644, 0o400]) {
    test(`keeps the mode ${mode.toString(8)} of a file, for the other one too`, async () => {
      const { passwordFile, aclFile } = paths(`mode ${mode}`)
      writeFileSync(passwordFile, 'old')
      chmodSync(passwordFile, mode)
      await writeMosquittoFiles(makeFleet(), { passwordFile, aclFile })
      for (const file of [passwordFile, aclFile]) assert.equal(statSync(file).mode & 0o777, mode)
    })
  }

  test('changes nothing where nothing has changed, and then tells nobody', async () => {
    const { passwordFile, aclFile } = paths('same')
    const fleet = makeFleet()
    await writeMosquittoFiles(fleet, { passwordFile, aclFile })
    const before = statSync(passwordFile)
    // It would fail: there is no such process.
    const reload = { pid: 2 ** 22 + 1 }
    const again = await writeMosquittoFiles(fleet, { passwordFile, aclFile, reload })
    assert.equal(again.changed, false)
    assert.equal(statSync(passwordFile).ino, before.ino)
  })

  test('leaves both as they were when the store fails on the way', async () => {
    const { passwordFile, aclFile } = paths('broken')
    writeFileSync(passwordFile, 'old')
    const store = { ...memoryStore(), list: async () => Promise.reject(new Error('disk full')) }
    await assert.rejects(
      writeMosquittoFiles(makeFleet({ store }), { passwordFile, aclFile }),
      /disk full/,
    )
    assert.equal(readFileSync(passwordFile, 'utf8'), 'old')
    assert.deepEqual(readdirSync(join(folder, 'broken')), ['passwords'])
  })

  for (const [what, pid, error] of [
    ['a process that is none', 2 ** 22 + 1, { code: 'ERR_MOSQUITTO_RELOAD' }],
    ['every process', -1, { name: 'ConfigError', key: 'reload' }],
    ['its own group', 0, { name: 'ConfigError', key: 'reload' }],
    ['the first process', 1, { name: 'ConfigError', key: 'reload' }],
    ['a fraction', 2.5, { name: 'ConfigError', key: 'reload' }],
  ] as const) {
    test(`does not signal ${what}`, async () => {
      const { passwordFile, aclFile, pidFile } = paths(`pid ${pid}`)
      const reload = { pid }
      await assert.rejects(
        writeMosquittoFiles(makeFleet(), { passwordFile, aclFile, reload }),
        error,
      )
      rmSync(aclFile)
      writeFileSync(pidFile, `${pid}\n`)
      const byFile = { passwordFile, aclFile, reload: { pidFile } }
      await assert.rejects(writeMosquittoFiles(makeFleet(), byFile), error)
    })
  }

  test('says that a pid file is missing', async () => {
    const { pidFile, ...files } = paths('no pid')
    await assert.rejects(writeMosquittoFiles(makeFleet(), { ...files, reload: { pidFile } }), {
      name: 'MosquittoReloadError',
      message: `The pid file ${pidFile} cannot be read`,
    })
  })
})
