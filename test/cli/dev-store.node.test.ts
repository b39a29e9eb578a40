/**
 * `devicehub dev` with a store: the fleet is there after the end of the process, whatever ended it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Folder,
  type Host,
  newestNode,
  node,
  type Run,
  run,
  sqliteHosts,
  start,
  userFolder,
} from './command.ts'
import { configModule, connect, publish, TYPES } from './site.ts'
import { changeFile, holdFile } from './sqlite.ts'

const TYPES_ALONE = configModule('station, node', { default: {}, lorawan: {} })
const WITH_STORE = TYPES_ALONE.replace('types: [', "store: './fleet.db', types: [")
const KEPT = /^ {4}password +as it was shown before; .* \$PASSWORD$/m
const MINE = 'weatherstation/MINE'

/** What is printed, once all devices are connected. */
async function printed(running: Run): Promise<string> {
  await running.until(/24 devices connected/)
  return running.lines().join('\n')
}

function urlIn(output: string): string {
  return /broker +(mqtt:\S+)/.exec(output)![1]!
}

/** The passwords that are printed beside a user name. */
function passwordOf(username: string, output: string): string | undefined {
  return new RegExp(`user name +${username}\\n +password +(dhs_\\w+)\\n`).exec(output)?.[1]
}

/** Logs in as a device and sends data, of which a run has to tell. */
async function say(running: Run, username: string, password: string): Promise<void> {
  const broker = await connect(urlIn(running.lines().join('\n')), { username, password })
  await publish(broker, `things/${username}/data`, { temperature: 20, rssi: 20 })
  await running.until(new RegExp(`← ${username} data \\{`))
  await broker.close()
}

async function kill(running: Run): Promise<void> {
  running.process.kill('SIGKILL')
  await running.exit()
}

async function stop(running: Run): Promise<void> {
  running.process.kill('SIGTERM')
  assert.equal(await running.exit(), 0, running.stderr())
  assert.equal(running.stderr(), '')
}

/** Whether a device is on record, as `explain` says it by the store of the configuration. */
async function isOnRecord(host: Host, folder: Folder, username: string): Promise<boolean> {
  const args = ['explain', username, 'publish', `things/${username}/data`]
  const { code, stdout } = await run(host, folder, args)
  assert.match(stdout, code === 0 ? /^code: allowed-by-rule$/m : /^code: principal-unknown$/m)
  return code === 0
}

for (const host of sqliteHosts) {
  describe(`on ${host.name}`, { skip: host.missing }, () => {
    test('killed and started again: the same devices, and the login of one’s own is good', async () => {
      using folder = userFolder({ 'devicehub.config.ts': TYPES_ALONE })
      const args = ['dev', '--store', 'fleet.db', '--device', MINE]
      const first = start(host, folder, args)
      const shown = await printed(first)
      assert.match(shown, /^ {2}store +fleet\.db$/m)
      assert.match(shown, /a device of your own, on record$/m)
      const password = passwordOf(MINE, shown)!
      await say(first, MINE, password)
      await kill(first)

      const second = start(host, folder, args)
      const again = await printed(second)
      assert.match(again, /24 simulated devices/)
      assert.match(again, KEPT)
      assert.doesNotMatch(again, /dhs_/)
      await say(second, MINE, password)
      await assert.rejects(connect(urlIn(again), { username: MINE, password: `${password}x` }), {
        code: 'ERR_BROKER_LOGIN_REFUSED',
      })
      await kill(second)

      folder.write('devicehub.config.ts', WITH_STORE)
      for (const username of [MINE, 'weatherstation/WEATHERSTATION-001', 'node/NODE-024']) {
        assert.equal(await isOnRecord(host, folder, username), true, username)
      }
      for (const username of ['weatherstation/WEATHERSTATION-025', 'weatherstation/MY-DEVICE']) {
        assert.equal(await isOnRecord(host, folder, username), false, username)
      }
    })

    test('the store of the configuration is used, and closed at the end', async () => {
      using folder = userFolder({ 'devicehub.config.ts': WITH_STORE })
      const first = start(host, folder, ['dev'])
      const shown = await printed(first)
      const own = 'weatherstation/MY-DEVICE'
      const password = passwordOf(own, shown)!
      await stop(first)
      const second = start(host, folder, ['dev'])
      assert.match(await printed(second), KEPT)
      await say(second, own, password)
      await stop(second)
    })

    for (const [title, prepare, line] of [
      [
        'a file that another process writes to',
        (folder: Folder) => holdFile(folder, 'fleet.db', 'BEGIN EXCLUSIVE'),
        /^devicehub: fleet\.db: database is locked: another process is writing to it\n$/,
      ],
      [
        'a file of another kind',
        (folder: Folder) => folder.write('fleet.db', 'This is a letter, and no database at all.'),
        /^devicehub: fleet\.db: file is not a database\n$/,
      ],
      [
        'tables of a later version',
        async (folder: Folder) => {
          assert.equal(
            (await run(host, folder, ['store', 'migrate', '--store', 'fleet.db'])).code,
            0,
          )
          await changeFile(folder, 'fleet.db', 'INSERT INTO devicehub_schema VALUES (99)')
        },
        /^devicehub: fleet\.db: The tables of the store are of version 99, .*: run a newer one\n$/,
      ],
    ] as const) {
      test(`${title}: one line, code 1`, async () => {
        using folder = userFolder()
        const holder = await prepare(folder)
        const { code, stdout, stderr } = await run(host, folder, ['dev', '--store', 'fleet.db'])
        holder?.process.kill('SIGKILL')
        await holder?.exit()
        assert.match(stderr, line)
        assert.deepEqual([code, stdout], [1, ''])
      })
    }
  })
}

describe('whose a device is', { skip: newestNode.missing }, () => {
  const simulated = 'node/NODE-002'

  test('one that was simulated becomes the user’s, and stays it', async () => {
    using folder = userFolder({ 'devicehub.config.ts': WITH_STORE })
    await run(newestNode, folder, ['dev', '--seconds', '1'])
    const second = start(newestNode, folder, ['dev', '--device', simulated])
    const password = passwordOf(simulated, await printed(second))!
    await say(second, simulated, password)
    await stop(second)
    const third = start(newestNode, folder, ['dev'])
    const shown = await printed(third)
    assert.doesNotMatch(shown, new RegExp(simulated))
    // It is taken for nobody else's: its login is good still.
    const broker = await connect(urlIn(shown), { username: simulated, password })
    await broker.close()
    await stop(third)
  })

  test('one that is revoked stays so', async () => {
    using folder = userFolder({ 'devicehub.config.ts': WITH_STORE })
    const first = start(newestNode, folder, ['dev'])
    const password = passwordOf('weatherstation/MY-DEVICE', await printed(first))!
    await stop(first)
    await changeFile(
      folder,
      'fleet.db',
      "UPDATE devicehub_devices SET revoked = 1 WHERE id IN ('MY-DEVICE', 'NODE-002')",
    )
    const second = start(newestNode, folder, ['dev'])
    const shown = await printed(second)
    assert.match(shown, /^ {4}password +none is good: it is revoked$/m)
    assert.doesNotMatch(shown, /^ {4}try/m)
    const login = { username: 'weatherstation/MY-DEVICE', password }
    await assert.rejects(connect(urlIn(shown), login), { code: 'ERR_BROKER_LOGIN_REFUSED' })
    await stop(second)
  })

  test('the store of the team’s own fleet gets no simulated devices', async () => {
    const fleet = `${TYPES}
import { createFleet, memoryStore } from 'devicehub'
const untouched = { ...memoryStore(), insert() { throw new Error('It is not to be written') } }
export default { fleet: createFleet({ types: [station], store: untouched }) }
`
    using folder = userFolder({ 'devicehub.config.ts': fleet })
    const { code, stdout } = await run(node, folder, ['dev', '--seconds', '1'])
    assert.match(stdout, /^ {2}store +in memory, until this ends; --store FILE keeps the devices$/m)
    assert.equal(code, 0)
  })
})

const hasSqlite = (process as { getBuiltinModule?(id: string): unknown }).getBuiltinModule?.(
  'node:sqlite',
)
test('a Node without SQLite says what to install', {
  skip: hasSqlite ? 'this Node has it' : false,
}, async () => {
  using folder = userFolder()
  const { code, stdout, stderr } = await run(node, folder, ['dev', '--store', 'fleet.db'])
  assert.match(
    stderr,
    /^devicehub: Node 2\S+ has no SQLite of its own: npm install better-sqlite3@12, or run Node 22\.13 or later\n$/,
  )
  assert.deepEqual([code, stdout], [1, ''])
})
