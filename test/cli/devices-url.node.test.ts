/**
 * `devicehub devices --url`: the same verbs through the routes of a running service, and what becomes of a
 * run whose answer never came.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { type AuditEntry, deviceAdmin } from '../../adapters/admin/index.ts'
import { createFleet, type Fleet, hashPassword, memoryStore } from '../../src/index.ts'
import { captureLog } from '../hub/fixture.ts'
import { freePort } from '../support/mosquitto.ts'
import {
  type Folder,
  type Host,
  hosts,
  node,
  type Outcome,
  run,
  start,
  userFolder,
} from './command.ts'
import { assertDone, assertFails, objectsOf, resultsIn, withoutProgress } from './devices.ts'
import { openService, SERVICE_SECRET as SECRET } from './service.ts'
import { loraNode, station } from './site.ts'

/** A service with the routes, and a fleet in memory. */
interface Service extends AsyncDisposable {
  readonly fleet: Fleet
  readonly url: string
  readonly trail: readonly AuditEntry[]
  /** Called before each answer is sent: one that does not settle keeps it back. */
  onAnswer: (path: string) => Promise<void> | void
}

async function service(): Promise<Service> {
  const fleet = createFleet({ types: [station, loraNode], store: memoryStore() })
  const trail: AuditEntry[] = []
  const audit = (entry: AuditEntry) => void trail.push(entry)
  const admin = deviceAdmin(fleet, { secret: SECRET, audit, logger: captureLog() })
  const app = new Hono()
  app.use(async ({ req }, next) => {
    await next()
    await made.onAnswer(req.path)
  })
  app.route('/admin', admin)
  const { url, [Symbol.asyncDispose]: close } = await openService(app.fetch)
  const made: Service = {
    fleet,
    trail,
    url,
    onAnswer() {},
    [Symbol.asyncDispose]: close,
  }
  return made
}

function at(host: Host, folder: Folder, url: string, ...args: string[]): Promise<Outcome> {
  return run(host, folder, ['devices', ...args, '--url', url], { DEVICEHUB_ADMIN_SECRET: SECRET })
}

for (const host of hosts) {
  test(`the life of devices, on ${host.name}`, { skip: host.missing }, async () => {
    await using site = await service()
    using folder = userFolder({ secret: `${SECRET}\n` })
    const of = async (...args: string[]) => assertDone(await at(host, folder, site.url, ...args))
    const [made] = objectsOf(await of('provision', 'node', 'N 1?', '--json'))
    const { username, password } = made as { username: string; password: string }
    const enter = async (by: string) =>
      (await site.fleet.authenticate({ username, password: by, clientId: username })).effect
    assert.equal(await enter(password), 'allow')
    const [rotated] = objectsOf(await of('rotate', 'node/N 1?', '--json'))
    assert.equal(await enter(`${rotated!.password}`), 'allow')
    assert.equal(await enter(password), 'deny')
    await of('revoke', 'node/N 1?')
    assert.equal((await site.fleet.store.get('node', 'N 1?'))?.revoked, true)
    await of('restore', 'node/N 1?')
    assert.equal((await site.fleet.store.get('node', 'N 1?'))?.revoked, false)
    assert.match(await of('show', 'node/N 1?'), /^login +good$/m)
    const byFile = ['devices', 'list', '--json', '--type', 'node', '--secret-file', 'secret']
    const listed = await run(host, folder, [...byFile, '--url', site.url])
    assert.deepEqual(
      objectsOf(assertDone(listed)).map(({ id }) => id),
      ['N 1?'],
    )
    await of('delete', 'node/N 1?')
    assert.equal(await site.fleet.store.get('node', 'N 1?'), undefined)
    assert.deepEqual(
      site.trail.map(({ action, result }) => `${action} ${result}`),
      ['provision', 'rotate', 'revoke', 'restore', 'delete'].map((action) => `${action} done`),
    )
  })

  test(`an import and an export, on ${host.name}`, { skip: host.missing }, async () => {
    await using site = await service()
    using folder = userFolder()
    const passwordHash = await hashPassword('correct horse')
    const lines = [
      { type: 'node', id: 'N-1', passwordHash, revoked: true },
      { type: 'node', id: 'a/b' },
      { type: 'nothing', id: 'N-2' },
      ...Array.from({ length: 450 }, (_, i) => ({ type: 'weatherstation', id: `S-${i}` })),
    ]
    folder.write('d.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const { stdout, stderr, code } = await at(host, folder, site.url, 'import', 'd.jsonl')
    assert.deepEqual([stdout, code], ['451 added, 2 refused: d.jsonl.result.jsonl\n', 1])
    assert.match(
      stderr,
      /line 2: node\/a\/b: ERR_NAME_INVALID: .*\n.*line 3: nothing\/N-2: ERR_DEVICE_TYPE_UNKNOWN/,
    )
    assert.equal((await site.fleet.store.get('node', 'N-1'))?.revoked, true)
    const text = assertDone(await at(host, folder, site.url, 'export', '--format', 'csv'))
    assert.equal(text.trimEnd().split('\n').length, 452)
    const hashes = ['export', '--with-hashes', '--output', 'x.csv']
    assertFails(await at(host, folder, site.url, ...hashes), /hashes do not leave a service/, 2)
  })
}

test('killed while the answer is on its way: run again, each device once and with its password', async () => {
  await using site = await service()
  using folder = userFolder()
  const args = ['provision', 'node', '--count', '500', '--prefix', 'N-', '--output', 'new.jsonl']
  const command = ['devices', ...args, '--url', site.url]
  const env = { DEVICEHUB_ADMIN_SECRET: SECRET }
  for (const kill of [1, 2]) {
    const running = start(node, folder, command, env)
    let answers = 0
    await new Promise<void>((killed) => {
      site.onAnswer = async (path) => {
        if (!path.endsWith('/many')) return
        answers += 1
        if (answers < kill) return
        // It is on record, and whoever asked never hears of it.
        running.process.once('close', () => killed())
        running.process.kill('SIGKILL')
        await new Promise(() => {})
      }
    })
  }
  site.onAnswer = () => {}
  const outcome = await run(node, folder, command, env)
  assert.equal(withoutProgress(outcome.stderr), '')
  const last = new Map(
    resultsIn(folder, 'new.jsonl').map((line) => [line.username!, line.password]),
  )
  assert.equal(last.size, 500)
  for (const [username, password] of last) {
    const { effect } = await site.fleet.authenticate({ username, password, clientId: username })
    assert.equal(effect, 'allow', username)
  }
  const { records } = await site.fleet.list({ limit: 1_000 })
  assert.equal(records.length, 500)
})

describe('a service that', () => {
  test('cannot be reached', async () => {
    using folder = userFolder()
    const url = `http://127.0.0.1:${await freePort()}/admin`
    for (const host of hosts.filter(({ missing }) => !missing)) {
      const outcome = await at(host, folder, url, 'list')
      assertFails(outcome, new RegExp(`^devicehub: ${url}: cannot be reached: \\S`), 1)
    }
  })

  test('has another secret, is mounted elsewhere, or is none', async () => {
    await using site = await service()
    using folder = userFolder()
    const other = { DEVICEHUB_ADMIN_SECRET: 'correct-horse-battery' }
    const refused = await run(node, folder, ['devices', 'list', '--url', site.url], other)
    assertFails(refused, /operator-unknown: the secret is not that of this service$/m, 1)
    assert.doesNotMatch(refused.stderr, /correct/)
    const deeper = await at(node, folder, `${site.url}/fleet`, 'list')
    assertFails(deeper, /route-unknown: No such route$/m, 1)
    const none = await at(node, folder, site.url.replace('/admin', '/'), 'list')
    assertFails(
      none,
      /answers 404 in a form that is none of the routes: is this where deviceAdmin/,
      1,
    )
  })

  test('is asked without a secret', async () => {
    using folder = userFolder({ empty: '' })
    const without = ['devices', 'list', '--url', 'https://localhost/admin']
    const env = { DEVICEHUB_ADMIN_SECRET: '' }
    assertFails(
      await run(node, folder, without, env),
      /set DEVICEHUB_ADMIN_SECRET, or name a file/,
      2,
    )
    const missing = await run(node, folder, [...without, '--secret-file', 'none'], env)
    assertFails(missing, /--secret-file: ENOENT/, 2)
    const spaced = await run(node, folder, without, { DEVICEHUB_ADMIN_SECRET: 'correct horse' })
    assertFails(spaced, /^devicehub: DEVICEHUB_ADMIN_SECRET: must be printable ASCII/, 2)
  })

  test('would be asked for another route by the name of a device', async () => {
    await using site = await service()
    using folder = userFolder()
    const outcome = await at(node, folder, site.url, 'delete', 'node/..')
    assertFails(outcome, /node\/\.\.: ERR_NAME_INVALID: "\.\." cannot be a part of a URL/, 1)
    assert.deepEqual(site.trail, [])
  })
})
