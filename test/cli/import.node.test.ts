/**
 * `devicehub devices import`: what becomes of each line, whatever stands on it, and of a file that is odd
 * as a whole.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { hashPassword } from '../../src/index.ts'
import { type Folder, newestNode, run, running, sqliteHosts, start } from './command.ts'
import {
  assertDone,
  assertFails,
  CONFIG,
  devices,
  ENV,
  fleetFolder,
  objectsOf,
  resultsIn,
  withoutProgress,
  writeLoginCheck,
} from './devices.ts'

const host = newestNode
const options = { skip: host.missing }
const HASH = await hashPassword('correct horse battery')

const csv = (...lines: string[]) => lines.map((line) => `${line}\n`).join('')

async function listed(folder: Folder): Promise<readonly Record<string, unknown>[]> {
  return objectsOf(assertDone(await devices(host, folder, 'list', '--json')))
}

const ODD = csv(
  'type,id,username,passwordHash,revoked,attributes.site,attributes,clientIds,rules',
  'weatherstation,S-1,,,,north,,,',
  'weatherstation,S-2,two,,yes,,"{""floor"":""2""}","[""old""]",',
  'weatherstation,a/b,,,,,,,',
  'weatherstation,S-1,,,,,,,',
  'weatherstation,S-3,two,,,,,,',
  'nothing,S-4,,,,,,,',
  ',S-5,,,,,,,',
  'weatherstation,,,,,,,,',
  'weatherstation,S-6,,,maybe,,,,',
  'weatherstation,S-7',
  'weatherstation,S-8,,correct-horse,,,,,',
  `weatherstation,S-9,,"${HASH}",,,,,`,
  'weatherstation,"S-10"x,,,,,,,',
  'weatherstation,S-11,,,,,no json,,',
  `weatherstation,${'x'.repeat(70_000)},,,,,,,`,
  '',
  'weatherstation,S-12,,,,,,,"[{""effect"":""allow"",""actions"":[""publish""],""filter"":""a/b""}]"',
  'weatherstation,"S-13,,,,,,,',
  'node,N-1,,,,,,,',
)
/** By their line: what becomes of each, and by which word it is said. */
const BECAME: Readonly<Record<number, readonly [result: string, text?: RegExp]>> = {
  2: ['added'],
  3: ['added'],
  4: ['refused', /ERR_NAME_INVALID.*holds "\/"/],
  5: ['there'],
  6: ['refused', /ERR_DEVICE_EXISTS.*user name/],
  7: ['refused', /ERR_DEVICE_TYPE_UNKNOWN.*there is weatherstation, node/],
  8: ['refused', /type: is missing/],
  9: ['refused', /id: must be a text/],
  10: ['refused', /revoked, is_active: must be true or false/],
  11: ['refused', /has 2 columns, and the first line 9/],
  12: ['refused', /ERR_CONFIG.*passwordHash: must be a hash/],
  13: ['added'],
  14: ['refused', /has a quote that is misplaced/],
  15: ['refused', /attributes: must be JSON/],
  16: ['refused', /has a quote that is misplaced|longer/],
  18: ['added'],
  19: ['refused', /has a quote that is misplaced or not closed/],
  20: ['added'],
}

for (const one of sqliteHosts) {
  test(`odd lines are told with their number, and the others are on record, on ${one.name}`, {
    skip: one.missing,
  }, async () => {
    using folder = await fleetFolder(one)
    folder.write('odd.csv', ODD)
    const { code, stdout, stderr } = await devices(one, folder, 'import', 'odd.csv')
    assert.equal(stdout, '5 added, 1 there before, 12 refused: odd.csv.result.jsonl\n')
    assert.equal(code, 1)
    assert.doesNotMatch(stderr, /correct|horse|xxx/)
    const became = resultsIn(folder, 'odd.csv.result.jsonl')
    assert.deepEqual(
      Object.fromEntries(became.map(({ line, result }) => [line, result])),
      Object.fromEntries(Object.entries(BECAME).map(([line, [result]]) => [line, result])),
    )
    for (const [line, [result, text]] of Object.entries(BECAME)) {
      if (result !== 'refused') continue
      const told = stderr.split('\n').find((each) => each.startsWith(`devicehub: line ${line}:`))
      assert.match(told ?? '', text!)
    }
    assert.equal(stderr.split('\n').length, 13)
  })
}

test('what a line says is on record', options, async () => {
  using folder = await fleetFolder(host)
  folder.write('odd.csv', ODD)
  await devices(host, folder, 'import', 'odd.csv')
  const of = new Map((await listed(folder)).map((device) => [device.id, device]))
  assert.deepEqual([...of.keys()].sort(), ['N-1', 'S-1', 'S-12', 'S-2', 'S-9'])
  assert.deepEqual(of.get('S-1')?.attributes, { site: 'north' })
  const { username, revoked, attributes, clientIds } = of.get('S-2')!
  assert.deepEqual(
    [username, revoked, attributes, clientIds],
    ['two', true, { floor: '2' }, ['old']],
  )
  const rule = { effect: 'allow', actions: ['publish'], filter: 'a/b' }
  assert.deepEqual(of.get('S-12')?.rules, [rule])
  const became = resultsIn(folder, 'odd.csv.result.jsonl')
  const withPassword = became.filter(({ password }) => password !== undefined).map(({ id }) => id)
  assert.deepEqual(withPassword.sort(), ['N-1', 'S-1', 'S-12', 'S-2'])
})

test('the same in JSON lines', options, async () => {
  using folder = await fleetFolder(host)
  const lines = [
    '{"type":"weatherstation","id":"S-1","attributes":{"site":"north"}}',
    '{"id":"S-2","username":null,"revoked":true}',
    '',
    'no json',
    '["S-3"]',
    '{"id":"S-4","passwort":"x"}',
    '{"id":5}',
    `{"id":"S-6","passwordHash":${JSON.stringify(HASH)}}`,
    `{"id":"${'x'.repeat(70_000)}"}`,
    '{"id":"S-7"}',
  ]
  folder.write('devices.jsonl', lines.join('\n'))
  const args = ['import', 'devices.jsonl', '--type', 'node', '--json']
  const { code, stdout, stderr } = await devices(host, folder, ...args)
  const numbers = {
    added: 4,
    there: 0,
    refused: 5,
    earlier: 0,
    result: 'devices.jsonl.result.jsonl',
  }
  assert.deepEqual([JSON.parse(stdout), code], [numbers, 1])
  assert.deepEqual(
    stderr.split('\n').map((line) => line.replace(/^devicehub: line /, '')),
    [
      '4: is no JSON',
      '5: must be a JSON object',
      '6: has an unknown field "passwort"',
      '7: id: must be a text',
      '9: is longer than 65536 bytes',
      '',
    ],
  )
})

describe('a file that is odd as a whole', options, () => {
  for (const [title, name, text, line, code] of [
    ['that is not there', 'none.csv', undefined, /ENOENT.*none\.csv/, 2],
    [
      'of another kind',
      'devices.txt',
      'id\n',
      /devices\.txt: say how it is written by --format/,
      2,
    ],
    [
      'with a column that is none',
      'd.csv',
      'id,pasword\nS-1,x\n',
      /d\.csv: the first line names the columns: there is type, id/,
      2,
    ],
    ['without ids', 'd.csv', 'type\nnode\n', /d\.csv: has no column "id"/, 2],
    [
      'with a column twice',
      'd.csv',
      'id,id\nS-1,S-1\n',
      /d\.csv: the column "id" is there twice/,
      2,
    ],
    [
      'that is a JSON array',
      'd.json',
      '[{"id":"S-1"}]',
      /d\.json: is a JSON array: write an object for each device/,
      2,
    ],
  ] as const) {
    test(title, async () => {
      using folder = await fleetFolder(host)
      if (text !== undefined) folder.write(name, text)
      assertFails(await devices(host, folder, 'import', name), line, code)
    })
  }

  test('a result that is of something else, or none', async () => {
    using folder = await fleetFolder(host)
    folder.write('a.csv', 'type,id\nnode,N-1\n')
    folder.write('b.csv', 'type,id\nnode,N-2\n')
    const into = (file: string, result: string) =>
      devices(host, folder, 'import', file, '--result', result)
    assertDone(await into('a.csv', 'r.jsonl'))
    assertFails(await into('b.csv', 'r.jsonl'), /r\.jsonl is the result of something else/, 2)
    folder.write('notes.txt', 'mine\n')
    assertFails(await into('b.csv', 'notes.txt'), /notes\.txt is there already, and no result/, 2)
    assert.equal(readFileSync(join(folder.path, 'notes.txt'), 'utf8'), 'mine\n')
    assertFails(await into('b.csv', 'none/r.jsonl'), /ENOENT.*r\.jsonl/, 1)
  })
})

test('--dry-run says what would become of them, and writes nothing', options, async () => {
  using folder = await fleetFolder(host)
  assertDone(await devices(host, folder, 'provision', 'node', 'N-1'))
  folder.write('odd.csv', ODD)
  const { stdout, code } = await devices(host, folder, 'import', 'odd.csv', '--dry-run')
  assert.deepEqual([stdout, code], ['4 would be added, 2 there before, 12 refused\n', 1])
  assert.equal((await listed(folder)).length, 1)
  assert.equal(existsSync(join(folder.path, 'odd.csv.result.jsonl')), false)
})

test('an export is imported as it is, and says no secret', options, async () => {
  using folder = await fleetFolder(host)
  using other = await fleetFolder(host)
  folder.write('odd.csv', ODD)
  await devices(host, folder, 'import', 'odd.csv')
  for (const format of ['csv', 'jsonl']) {
    const text = assertDone(await devices(host, folder, 'export', '--format', format))
    assert.doesNotMatch(text, /scrypt|dhs_|dh-/)
    other.write(`all.${format}`, text)
  }
  assertDone(await devices(host, other, 'import', 'all.csv'))
  const again = await devices(host, other, 'import', 'all.jsonl')
  assert.equal(assertDone(again), '0 added, 5 there before: all.jsonl.result.jsonl\n')
  const whole = (list: readonly Record<string, unknown>[]) =>
    list.map(({ createdAt: _, credentials: __, ...device }) => device)
  assert.deepEqual(whole(await listed(other)), whole(await listed(folder)))
})

test('hashes leave by --with-hashes alone, to a file that nobody else reads', options, async () => {
  using folder = await fleetFolder(host)
  folder.write('odd.csv', ODD)
  await devices(host, folder, 'import', 'odd.csv')
  const refused = await devices(host, folder, 'export', '--with-hashes')
  assertFails(refused, /--with-hashes needs --output/, 2)
  const args = ['export', '--with-hashes', '--output', 'all.jsonl']
  assert.equal(assertDone(await devices(host, folder, ...args)), 'all.jsonl\n')
  const lines = objectsOf(readFileSync(join(folder.path, 'all.jsonl'), 'utf8'))
  assert.equal(lines.find(({ id }) => id === 'S-9')?.passwordHash, HASH)
  assertFails(
    await devices(host, folder, ...args),
    /all\.jsonl is there already: --force replaces it/,
    1,
  )
  assertDone(await devices(host, folder, ...args, '--force'))
})

test('a device of somebody else is never touched, whenever a run was killed', options, async () => {
  using folder = await fleetFolder(host)
  const theirs = assertDone(await devices(host, folder, 'provision', 'node', 'N-2', '--json'))
  folder.write('d.csv', 'type,id\nnode,N-1\nnode,N-2\nnode,N-3\n')
  assertDone(await devices(host, folder, 'import', 'd.csv'))
  // As if it had been killed before it wrote down what became of them.
  const result = join(folder.path, 'd.csv.result.jsonl')
  const [header, ...first] = readFileSync(result, 'utf8').trimEnd().split('\n')
  writeFileSync(result, `${header}\n`)
  assert.equal(
    assertDone(await devices(host, folder, 'import', 'd.csv')),
    '2 added, 1 there before: d.csv.result.jsonl\n',
  )
  const passwords = first.map((line) => JSON.parse(line).password)
  const [one, two, three] = resultsIn(folder, 'd.csv.result.jsonl')
  assert.deepEqual([one!.result, two!.result, three!.result], ['added', 'there', 'added'])
  assert.ok(one!.password && !passwords.includes(one!.password))
  const { username, password } = JSON.parse(theirs)
  const known = { result: 'added', username, password }
  writeFileSync(result, `${readFileSync(result, 'utf8')}${JSON.stringify(known)}\n`)
  writeLoginCheck(folder)
  const program = running(host, 'check-logins.ts')
  const check = await run(program, folder, ['d.csv.result.jsonl', '3'], ENV)
  assert.equal(check.stdout, 'all of them\n', check.stderr)
})

test(
  'where the store fails it ends with one line, and goes on when that is well',
  options,
  async () => {
    using folder = await fleetFolder(host)
    const lines = Array.from({ length: 1_500 }, (_, i) => `node,N-${i}\n`)
    folder.write('d.csv', `type,id\n${lines.join('')}`)
    folder.write(
      'devicehub.config.ts',
      `${CONFIG.replace("'fleet.db'", 'store')}`.replace(
        'export default',
        `import { DatabaseSync } from 'node:sqlite'
import { sqlite, sqlStore } from 'devicehub/sql'
const whole = sqlStore(sqlite(new DatabaseSync('fleet.db')))
let calls = 0
const insertMany = async (records) => {
  calls += 1
  if (calls === 2 && process.env.FAILS) throw new Error('the disk is away')
  return whole.insertMany(records)
}
const store = { ...whole, insertMany }
export default`,
      ),
    )
    const args = ['devices', 'import', 'd.csv']
    const failed = await run(host, folder, args, { ...ENV, FAILS: 'yes' })
    assertFails(
      failed,
      /^devicehub: the store: N-1000: the disk is away; the same command goes on/,
      1,
    )
    assert.equal(resultsIn(folder, 'd.csv.result.jsonl').length, 1_000)
    const done = assertDone(await devices(host, folder, 'import', 'd.csv'))
    assert.equal(done, '500 added, 1,000 added by an earlier run: d.csv.result.jsonl\n')
  },
)

for (const one of sqliteHosts) {
  test(`Ctrl-C is one line, and the same command goes on, on ${one.name}`, {
    skip: one.missing,
  }, async () => {
    using folder = await fleetFolder(one)
    const args = [
      'provision',
      'node',
      '--count',
      '400000',
      '--prefix',
      'N-',
      '--output',
      'new.jsonl',
    ]
    const run = start(one, folder, ['devices', ...args, '--json'], ENV)
    // It has begun when the file for its results is there.
    while (!existsSync(join(folder.path, 'new.jsonl')))
      await new Promise((next) => setTimeout(next, 5))
    run.process.kill('SIGINT')
    assert.equal(await run.exit(), 130)
    assert.match(
      withoutProgress(run.stderr()),
      /^devicehub: stopped: the same command goes on from here\n$/,
    )
    const { added, interrupted } = JSON.parse(run.lines().join(''))
    assert.equal(interrupted, true)
    const kept = resultsIn(folder, 'new.jsonl')
    assert.deepEqual([kept.length, (await listedOn(one, folder)).length], [added, added])
  })
}

async function listedOn(one: typeof host, folder: Folder) {
  return objectsOf(assertDone(await devices(one, folder, 'list', '--json')))
}
