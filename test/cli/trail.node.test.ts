/**
 * What `devicehub devices` does over a store, as the audit trail of the store has it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { describe, test } from 'node:test'
import { type Folder, newestNode, run } from './command.ts'
import { CONFIG, devices, ENV, fleetFolder } from './devices.ts'
import { changeFile, readFile } from './sqlite.ts'

const host = newestNode
const DEEDS =
  'SELECT action, type, id, result, operator, attributes FROM devicehub_trail ORDER BY place'

/** The deeds, each in a line. Whoever did them is the user that the command runs as. */
async function trail(folder: Folder): Promise<readonly string[]> {
  const rows = await readFile(folder, 'fleet.db', DEEDS)
  return rows.map(({ action, type, id, result, operator, attributes }) => {
    assert.equal(operator, `${userInfo().username} (devicehub command)`)
    return [action, `${type}/${id}`, result, attributes].filter(Boolean).join(' ')
  })
}

describe('the trail', { skip: host.missing }, () => {
  test('has each change of each device, and what came of it', async () => {
    using folder = await fleetFolder(host)
    const of = (...args: string[]) => devices(host, folder, ...args)
    await of('provision', 'node', 'N-1', 'N-2', 'a/b', '--attribute', 'site=north')
    await of('provision', 'node', 'N-1')
    await of('list')
    await of('rotate', 'node/N-1')
    await of('retire', 'node/N-1', 'nothing')
    await of('revoke', 'node/N-1', 'node/N-9', '--yes')
    await of('restore', 'node/N-1')
    await of('delete', 'node/N-1', '--yes')
    const north = '{"site":"north"}'
    assert.deepEqual(await trail(folder), [
      `provision node/N-1 done ${north}`,
      `provision node/N-2 done ${north}`,
      'provision node/N-1 ERR_DEVICE_EXISTS',
      `rotate node/N-1 done ${north}`,
      `retire node/N-1 ERR_CREDENTIAL_UNKNOWN ${north}`,
      `revoke node/N-1 done ${north}`,
      'revoke node/N-9 ERR_DEVICE_UNKNOWN',
      `restore node/N-1 done ${north}`,
      `delete node/N-1 done ${north}`,
    ])
  })

  test('has each device of an import', async () => {
    using folder = await fleetFolder(host)
    folder.write('d.jsonl', '{"type":"node","id":"N-1"}\n{"type":"node","id":"+"}\n')
    await devices(host, folder, 'import', 'd.jsonl')
    assert.deepEqual(await trail(folder), ['provision node/N-1 done'])
  })

  test('says which kick was not complete', async () => {
    using folder = await fleetFolder(host)
    await devices(host, folder, 'provision', 'node', 'N-1')
    const kicks = '{ away: () => Promise.reject(new Error("away")) }'
    folder.write(
      'devicehub.config.ts',
      CONFIG.replace("store: 'fleet.db'", `store: 'fleet.db', kicks: ${kicks}`),
    )
    await devices(host, folder, 'kick', 'node/N-1')
    assert.deepEqual((await trail(folder)).at(-1), 'kick node/N-1 kick-incomplete {}')
  })

  test('that cannot be written keeps a change from being made', async () => {
    using folder = await fleetFolder(host)
    await devices(host, folder, 'provision', 'node', 'N-1')
    const refuse = "BEGIN SELECT RAISE(ABORT, 'the trail is full'); END"
    const trigger = `CREATE TRIGGER full BEFORE INSERT ON devicehub_trail ${refuse}`
    await changeFile(folder, 'fleet.db', trigger)
    const { code, stderr } = await run(host, folder, ['devices', 'revoke', 'node/N-1'], ENV)
    assert.match(stderr, /^devicehub: the store: [^\n]*the trail is full\n$/)
    assert.equal(code, 1)
    const { stdout } = await devices(host, folder, 'show', 'node/N-1', '--json')
    assert.equal(JSON.parse(stdout).revoked, false)
  })
})
