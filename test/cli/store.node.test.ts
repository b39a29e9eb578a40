/**
 * `devicehub store`: what is printed of a store's tables, and the exit codes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { migrationFiles } from '../../adapters/sql/migration-files.ts'
import { freePort } from '../support/mosquitto.ts'
import {
  type Folder,
  type Host,
  hosts,
  newestNode,
  node,
  type Outcome,
  run,
  sqliteHosts,
  userFolder,
} from './command.ts'
import { configModule, TYPES } from './site.ts'
import { changeFile, holdFile } from './sqlite.ts'

const FILE = ['--store', 'fleet.db']
const SECRET = 'correct-horse-battery'

const on = (host: Host, folder: Folder, ...args: string[]) => run(host, folder, ['store', ...args])

function assertPrinted({ code, stdout, stderr }: Outcome, line: string, expected: number): void {
  assert.deepEqual([stdout, stderr, code], [`${line}\n`, '', expected])
}

/** One line on the error output, and nothing else. */
function assertFails({ code, stdout, stderr }: Outcome, line: RegExp, expected: number): void {
  assert.match(stderr, line)
  assert.match(stderr, /^devicehub: [^\n]+\n$/)
  assert.doesNotMatch(stderr, /correct|horse|battery/)
  assert.deepEqual([stdout, code], ['', expected])
}

for (const host of sqliteHosts) {
  test(`from no file to tables that are up to date, on ${host.name}`, {
    skip: host.missing,
  }, async () => {
    using folder = userFolder()
    const missing = /fleet\.db: there is no such file: devicehub store migrate makes it$/m
    assertFails(await on(host, folder, 'status', ...FILE), missing, 2)
    assert.equal(existsSync(join(folder.path, 'fleet.db')), false)
    const made = await on(host, folder, 'migrate', ...FILE)
    assertPrinted(made, 'tables of version 2, from none', 0)
    const again = await on(host, folder, 'migrate', ...FILE)
    assertPrinted(again, 'tables of version 2: nothing to do', 0)
    const status = await on(host, folder, 'status', ...FILE)
    assertPrinted(status, 'tables of version 2, expected 2: up to date', 0)
  })
}

/** A configuration whose store has tables of a version, and what the next migration makes of it. */
function withVersion(version: number, expected = 2, migrate = 'version = expected'): string {
  return `${TYPES}
import { memoryStore } from 'devicehub'
let [version, expected] = [${version}, ${expected}]
const status = async () => ({ version, expected })
const store = { ...memoryStore(), status, async migrate() { ${migrate} } }
export default { types: [station], store }
`
}

const NEWER = `throw Object.assign(new Error('The tables are newer'), { code: 'ERR_STORE_SCHEMA' })`

for (const host of hosts) {
  describe(`the store of a configuration, on ${host.name}`, { skip: host.missing }, () => {
    for (const [version, text, code] of [
      [0, 'tables of version 0, expected 2: run devicehub store migrate', 1],
      [1, 'tables of version 1, expected 2: run devicehub store migrate', 1],
      [2, 'tables of version 2, expected 2: up to date', 0],
      [3, 'tables of version 3, expected 2: run a newer devicehub', 1],
    ] as const) {
      test(text, async () => {
        using folder = userFolder({ 'devicehub.config.ts': withVersion(version) })
        assertPrinted(await on(host, folder, 'status'), text, code)
        const json = JSON.stringify({ version, expected: 2 })
        assertPrinted(await on(host, folder, 'status', '--json'), json, code)
      })
    }

    test('is migrated, and it is said from which version', async () => {
      using folder = userFolder({ 'devicehub.config.ts': withVersion(1) })
      const outcome = await on(host, folder, 'migrate')
      assertPrinted(outcome, 'tables of version 2, from version 1', 0)
    })

    test('that has no tables, or is none', async () => {
      using folder = userFolder({
        'devicehub.config.ts': `${TYPES}
import { createFleet, memoryStore } from 'devicehub'
export default { fleet: createFleet({ types: [station], store: memoryStore() }) }
`,
      })
      for (const verb of ['status', 'migrate']) {
        assertFails(await on(host, folder, verb), /the store has no tables of its own/, 2)
      }
      folder.write('devicehub.config.ts', configModule('station', { default: {} }))
      for (const verb of ['status', 'migrate']) {
        assertFails(await on(host, folder, verb), /the configuration has no store: add "store"/, 2)
      }
    })
  })
}

describe('a database that cannot be asked', async () => {
  const port = await freePort()
  const overPg = `${TYPES}
import { createFleet } from 'devicehub'
import { pgPool, sqlStore } from 'devicehub/sql'
import pg from 'pg'
const pool = new pg.Pool({ connectionString: 'postgres://fleet:${SECRET}@HOST:${port}/fleet' })
export default { fleet: createFleet({ types: [station], store: sqlStore(pgPool(pool)) }) }
`
  for (const host of ['127.0.0.1', 'localhost']) {
    test(`nothing listens at ${host}: code 2 of status, 1 of migrate`, async () => {
      using folder = userFolder({ 'devicehub.config.ts': overPg.replace('HOST', host) })
      const line = /^devicehub: the store: .*ECONNREFUSED/
      assertFails(await on(node, folder, 'status'), line, 2)
      assertFails(await on(node, folder, 'migrate'), line, 1)
    })
  }

  test('it never answers: status ends all the same', async () => {
    const silent = withVersion(1).replace('({ version, expected })', 'new Promise(() => {})')
    using folder = userFolder({ 'devicehub.config.ts': silent })
    assertFails(await on(node, folder, 'status'), /^devicehub: the store: no answer within/, 2)
  })

  test('its tables are of a later version', async () => {
    using folder = userFolder({ 'devicehub.config.ts': withVersion(3, 2, NEWER) })
    assertFails(await on(node, folder, 'migrate'), /^devicehub: The tables are newer$/m, 1)
  })

  for (const [title, prepare, line] of [
    [
      'a file that another process writes to',
      (folder: Folder) => holdFile(folder, 'fleet.db', 'BEGIN EXCLUSIVE'),
      /^devicehub: fleet\.db: database is locked: another process is writing to it$/m,
    ],
    [
      'a file of a later version',
      async (folder: Folder) => {
        await on(newestNode, folder, 'migrate', ...FILE)
        await changeFile(folder, 'fleet.db', 'INSERT INTO devicehub_schema VALUES (9)')
      },
      /^devicehub: The tables of the store are of version 9, .* works with 2: run a newer one$/m,
    ],
  ] as const) {
    test(title, { skip: newestNode.missing }, async () => {
      using folder = userFolder()
      const holder = await prepare(folder)
      assertFails(await on(newestNode, folder, 'migrate', ...FILE), line, 1)
      holder?.process.kill('SIGKILL')
      await holder?.exit()
    })
  }
})

describe('the key `store`', () => {
  const config = (text: string, more = 'types: [station]') => `${TYPES}
import { createFleet, memoryStore } from 'devicehub'
const fleet = createFleet({ types: [station], store: memoryStore() })
export default { store: ${text}, ${more} }
`
  for (const [text, more, line] of [
    ['1', undefined, /devicehub\.config\.ts: store: must be the path of a SQLite file, or a store/],
    ["''", undefined, /: store: must be the path of a SQLite file/],
    ['{ get() {} }', undefined, /: store: must be the path of a SQLite file/],
    [`'postgres://fleet:${SECRET}@db/fleet'`, undefined, /: store: must be the path of a SQLite/],
    ["'fleet.db'", 'fleet', /: store: cannot be given beside fleet/],
    ["'fleet.db'", undefined, /^devicehub: fleet\.db: there is no such file/],
  ] as const) {
    test(`${text} beside ${more ?? 'types'} is refused`, async () => {
      using folder = userFolder({ 'devicehub.config.ts': config(text, more) })
      assertFails(await on(node, folder, 'status'), line, 2)
      const args = ['explain', 'weatherstation/S-1', 'publish', 'a']
      assertFails(await run(node, folder, args), line, 2)
    })
  }

  const inJson = (store: string) => ({
    'devicehub.config.json': JSON.stringify({ types: './types.mjs', store }),
    'types.mjs': `${TYPES}\nexport const types = [station]\n`,
  })

  test('in JSON it is a module that exports a store', async () => {
    using folder = userFolder({
      ...inJson('./store.mjs'),
      'store.mjs': withVersion(1).replace('const store', 'export const store'),
    })
    const text = 'tables of version 1, expected 2: run devicehub store migrate'
    assertPrinted(await on(node, folder, 'status'), text, 1)
  })

  test('or a file, in the folder of the configuration', { skip: newestNode.missing }, async () => {
    using folder = userFolder(inJson('fleet.db'))
    const made = await on(newestNode, folder, 'migrate')
    assertPrinted(made, 'tables of version 2, from none', 0)
    assert.ok(existsSync(join(folder.path, 'fleet.db')))
    using elsewhere = userFolder()
    const config = join(folder.path, 'devicehub.config.json')
    const status = await on(newestNode, elsewhere, 'status', '--config', config)
    assertPrinted(status, 'tables of version 2, expected 2: up to date', 0)
  })
})

describe('store sql', () => {
  for (const dialect of ['sqlite', 'postgres'] as const) {
    test(`prints that of ${dialect}`, async () => {
      using folder = userFolder()
      const { code, stdout, stderr } = await on(node, folder, 'sql', '--dialect', dialect)
      const files = migrationFiles(dialect).map(({ name, text }) => `-- ${name}\n${text}`)
      assert.deepEqual([stdout, stderr, code], [files.join('\n'), '', 0])
    })
  }

  for (const host of hosts) {
    test(`writes that of SQLite, on ${host.name}`, { skip: host.missing }, async () => {
      using folder = userFolder()
      const [first] = migrationFiles('sqlite')
      const path = join('migrations', first!.name)
      const written = await on(host, folder, 'sql', '--out', 'migrations')
      assert.equal(written.stdout.split('\n')[0], path)
      assert.equal(written.code, 0)
      assert.equal(readFileSync(join(folder.path, path), 'utf8'), first!.text)
      const again = await on(host, folder, 'sql', '--out', 'migrations')
      assertPrinted(again, 'nothing to do: all of them are there', 0)
      folder.write(path, 'mine')
      const problem =
        /^devicehub: migrations.0001_devicehub\.sql is there already and says something/
      assertFails(await on(host, folder, 'sql', '--out', 'migrations'), problem, 1)
      assert.equal(readFileSync(join(folder.path, path), 'utf8'), 'mine')
    })
  }
})

describe('the command line', () => {
  for (const [args, problem] of [
    [
      ['sql', '--dialect', 'mysql'],
      /argument 'mysql' is invalid\. Allowed choices are sqlite, postgres/,
    ],
    [['status', 'fleet.db'], /too many arguments for 'status'/],
    [['status', '--store'], /option '--store <file>' argument missing/],
    [['status'], /there is no configuration file here/],
    [['drop'], /unknown command 'drop'/],
  ] as const) {
    test(`store ${args.join(' ')}: code 2`, async () => {
      using folder = userFolder()
      const { code, stdout, stderr } = await on(node, folder, ...args)
      assert.match(stderr, problem)
      assert.deepEqual([code, stdout], [2, ''])
    })
  }
})
