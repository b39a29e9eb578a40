/**
 * Files for a Mosquitto that runs as a user of its own: it reads what is written, or nothing is.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { writeMosquittoFiles } from '../../adapters/mosquitto/index.ts'
import { findUser, mayRead } from '../../adapters/mosquitto/reload.ts'
import { generatedMosquitto } from '../support/generated.ts'
import { type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { connect, HUB, makeFleet, mayConnect, mayPublish, pump } from './site.ts'

const notRoot = process.getuid?.() !== 0 && 'only root may start a Mosquitto of another user'
const noProc = process.platform !== 'linux' && 'who a process runs as is seen on Linux alone'

describe('who may read a file', () => {
  const daemon = { uid: 5, gid: 6, groups: [6, 7] }
  for (const [uid, gid, mode, may] of [
    [5, 9, 0o600, true],
    [5, 9, 0o400, true],
    [5, 6, 0o040, false],
    [5, 6, 0o004, false],
    [0, 0, 0o600, false],
    [0, 6, 0o640, true],
    [0, 7, 0o640, true],
    [0, 6, 0o600, false],
    [0, 6, 0o604, false],
    [0, 9, 0o640, false],
    [0, 9, 0o644, true],
  ] as const) {
    test(`${mode.toString(8)} of ${uid}:${gid} by a user 5:6: ${may}`, () => {
      assert.equal(mayRead(daemon, { uid, gid, mode: 0o100000 | mode }), may)
      assert.equal(mayRead({ uid: 0, gid: 0, groups: [0] }, { uid, gid, mode }), true)
    })
  }

  test('is asked for the user of the process', { skip: noProc }, async () => {
    const own = { uid: process.geteuid!(), gid: process.getegid!(), groups: process.getgroups!() }
    const found = await findUser({ pid: process.pid })
    assert.deepEqual(
      { ...found, groups: new Set(found!.groups) },
      { ...own, groups: new Set([own.gid, ...own.groups]) },
    )
  })

  for (const [what, pid] of [
    ['no process', 2 ** 22 + 1],
    ['a group', -1],
    ['no number', Number.NaN],
  ] as const) {
    test(`is not known of ${what}`, async () => assert.equal(await findUser({ pid }), undefined))
  }

  test('is not known without a pid file', async () => {
    assert.equal(await findUser({ pidFile: join(tmpdir(), 'devicehub-none', 'pid') }), undefined)
  })
})

describe('a Mosquitto of its own user', {
  skip: mosquittoMissing || notRoot || noProc,
  timeout: 60_000,
}, () => {
  const id = (option: string) =>
    Number(execFileSync('id', [option, 'nobody'], { encoding: 'utf8' }))
  const cleanups: (() => unknown)[] = []
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup()
  })

  /** Starts one on what was written of a fleet before, with the owner and mode that are asked for. */
  async function site(owner: { uid: number; gid: number }, mode: number) {
    const folder = mkdtempSync(join(tmpdir(), 'devicehub-reader-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    chmodSync(folder, 0o755)
    const [passwordFile, aclFile] = [join(folder, 'passwords'), join(folder, 'acl')]
    const [runFolder, files] = [join(folder, 'run'), { passwordFile, aclFile }]
    execFileSync('install', ['-d', '-o', 'nobody', runFolder])
    const pidFile = join(runFolder, 'pid')
    const fleet = makeFleet()
    const first = await fleet.provision(pump, 'P-1')
    await writeMosquittoFiles(fleet, files)
    for (const file of [passwordFile, aclFile]) {
      chownSync(file, owner.uid, owner.gid)
      chmodSync(file, mode)
    }
    const broker: Mosquitto = await startMosquitto({
      user: 'nobody',
      config: generatedMosquitto('mosquitto-files', {
        password_file: passwordFile,
        acl_file: aclFile,
        pid_file: pidFile,
      }),
    })
    cleanups.push(() => broker.stop())
    return { broker, fleet, first, files, folder, reload: { pidFile } }
  }

  /** Settles when a login counts; and then nobody may do what no line grants. */
  async function isEnforced(url: string, login: { username: string; password: string }) {
    for (const end = Date.now() + 10_000; !(await mayConnect(url, login)); ) {
      assert.ok(Date.now() < end, `${login.username} is not let in`)
    }
    const client = await connect(url, login)
    assert.equal(await mayPublish(client, `things/${login.username}/data`), true)
    assert.equal(await mayPublish(client, 'things/pump/P-other/data'), false)
    await client.endAsync(true)
  }

  for (const [what, owner, mode] of [
    ['belong to it', { uid: id('-u'), gid: id('-g') }, 0o600],
    ['belong to root and its group', { uid: 0, gid: id('-g') }, 0o640],
  ] as const) {
    test(`reads what takes the place of files that ${what}`, async () => {
      const { broker, fleet, files, reload } = await site(owner, mode)
      const added = await fleet.provision(pump, 'P-2')
      assert.equal((await writeMosquittoFiles(fleet, { ...files, reload })).changed, true)
      await isEnforced(broker.url, added)
      for (const file of Object.values(files)) {
        const { uid, gid, mode: written } = statSync(file)
        assert.deepEqual({ uid, gid, mode: written & 0o777 }, { ...owner, mode })
      }
    })
  }

  test('is given the first files', async () => {
    const owner = { uid: id('-u'), gid: id('-g') }
    const { broker, fleet, first, files, reload } = await site(owner, 0o600)
    for (const file of Object.values(files)) rmSync(file)
    await writeMosquittoFiles(fleet, { ...files, reload })
    await isEnforced(broker.url, first)
    for (const file of Object.values(files)) assert.equal(statSync(file).uid, owner.uid)
  })

  test('is not told to read files that it cannot, and they stay', async () => {
    const owner = { uid: id('-u'), gid: id('-g') }
    const { broker, fleet, first, files, folder, reload } = await site(owner, 0o600)
    const before = readFileSync(files.aclFile, 'utf8')
    // As whoever copies a backup over them as root does.
    for (const file of Object.values(files)) chownSync(file, 0, 0)
    await fleet.provision(pump, 'P-2')
    await assert.rejects(writeMosquittoFiles(fleet, { ...files, reload }), {
      name: 'MosquittoReloadError',
      message: new RegExp(`${files.passwordFile} would be a file of user 0 .*${owner.uid}`),
    })
    assert.equal(readFileSync(files.aclFile, 'utf8'), before)
    assert.deepEqual(readdirSync(folder).sort(), ['acl', 'passwords', 'run'])
    await isEnforced(broker.url, first)
    assert.equal(await mayConnect(broker.url, HUB), true)
  })
})
