/**
 * `devicehub devices`: every verb over a store, as a person and a program read it, and what is wrong with
 * how it is asked.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { hosts, newestNode, node, run, sqliteHosts, start, userFolder } from './command.ts'
import { assertDone, assertFails, CONFIG, devices, ENV, fleetFolder, objectsOf } from './devices.ts'
import { configModule, TYPES } from './site.ts'

const host = newestNode
const options = { skip: host.missing }
const PASSWORD = /^dhs_[0-9a-f]{64}$/

for (const one of sqliteHosts) {
  test(`the life of a device, on ${one.name}`, { skip: one.missing }, async () => {
    using folder = await fleetFolder(one)
    const of = async (...args: string[]) => assertDone(await devices(one, folder, ...args))
    const state = async () => {
      const [device] = objectsOf(await of('show', 'node/N-1', '--json'))
      return [device!.revoked, (device!.credentials as unknown[]).length]
    }
    const made = await of('provision', 'node', 'N-1', '--attribute', 'site=north')
    assert.match(
      made,
      /^node\/N-1: done\n {2}user name {2}node\/N-1\n {2}password {3}dhs_[0-9a-f]{64}\n$/,
    )
    assert.deepEqual(await state(), [false, 1])
    const [rotated] = objectsOf(await of('rotate', 'node/N-1', '--overlap', '60', '--json'))
    assert.match(`${rotated!.password}`, PASSWORD)
    assert.deepEqual(await state(), [false, 2])
    const [shown] = objectsOf(await of('show', 'node/N-1', '--json'))
    const [{ id }] = shown!.credentials as [{ id: string }]
    assert.equal(await of('retire', 'node/N-1', id), 'node/N-1: done\n')
    assert.deepEqual(await state(), [false, 1])
    assert.equal(await of('revoke', 'node/N-1'), 'node/N-1: done\n')
    assert.deepEqual(await state(), [true, 1])
    assert.equal(await of('restore', 'node/N-1'), 'node/N-1: done\n')
    assert.deepEqual(await state(), [false, 1])
    assert.equal(await of('delete', 'node/N-1'), 'node/N-1: done\n')
    const gone = await devices(one, folder, 'show', 'node/N-1')
    assertFails(gone, /ERR_DEVICE_UNKNOWN: Device node\/N-1 is not provisioned$/m, 1)
  })
}

describe('for people', options, () => {
  test('a list is a table, and what is narrowed by options is what it has', async () => {
    using folder = await fleetFolder(host)
    await devices(host, folder, 'provision', 'node', 'N-1', 'N-2', '--attribute', 'site=north')
    await devices(host, folder, 'provision', 'weatherstation', 'S-1', '--username', 'roof')
    await devices(host, folder, 'revoke', 'node/N-2')
    const table = assertDone(await devices(host, folder, 'list'))
    assert.deepEqual(
      table.split('\n').map((line) => line.replaceAll(/ {2,}/g, '|')),
      [
        'DEVICE|USER NAME|LOGIN|CONNECTED|LAST HEARD|STATUS|BATTERY|FIRMWARE|ATTRIBUTES',
        'node/N-1|node/N-1|good|site=north',
        'node/N-2|node/N-2|revoked|site=north',
        'weatherstation/S-1|roof|good',
        '',
      ],
    )
    const ids = async (...args: string[]) =>
      objectsOf(assertDone(await devices(host, folder, 'list', '--json', ...args))).map(
        ({ id }) => id,
      )
    assert.deepEqual(await ids('--type', 'node'), ['N-1', 'N-2'])
    assert.deepEqual(await ids('--active', '--type', 'node', '--silent'), ['N-1'])
    assert.deepEqual(await ids('--prefix', 'S-'), ['S-1'])
    assert.deepEqual(await ids('--connected'), [])
    assert.equal((await ids('--limit', '1')).length, 1)
    assert.match(
      assertDone(await devices(host, folder, 'show', 'weatherstation/S-1')),
      /^user name +roof$/m,
    )
  })

  test('what is refused of one device keeps no other from it', async () => {
    using folder = await fleetFolder(host)
    await devices(host, folder, 'provision', 'node', 'N-1', 'N-3')
    const outcome = await devices(
      host,
      folder,
      'revoke',
      'node/N-1',
      'node/N-2',
      'nothing/N',
      'node/N-3',
    )
    assert.equal(outcome.stdout, 'node/N-1: done\nnode/N-3: done\n')
    assert.match(
      outcome.stderr,
      /^devicehub: node\/N-2: ERR_DEVICE_UNKNOWN: .*\ndevicehub: nothing\/N: ERR_DEVICE_TYPE_UNKNOWN: .*\n$/,
    )
    assert.equal(outcome.code, 1)
  })

  test('new passwords go to a file instead, which nobody else can read', async () => {
    using folder = await fleetFolder(host)
    const made = await devices(
      host,
      folder,
      'provision',
      'node',
      'N-1',
      'N-2',
      '--output',
      'new.jsonl',
    )
    assert.equal(assertDone(made), 'node/N-1: done\nnode/N-2: done\n')
    const path = join(folder.path, 'new.jsonl')
    assert.equal(statSync(path).mode & 0o777, 0o600)
    const logins = objectsOf(readFileSync(path, 'utf8'))
    assert.deepEqual(
      logins.map(({ username }) => username),
      ['node/N-1', 'node/N-2'],
    )
    for (const { password } of logins) assert.match(`${password}`, PASSWORD)
    const again = await devices(host, folder, 'rotate', 'node/N-1', '--output', 'new.jsonl')
    assertFails(again, /new\.jsonl is there already: name another file$/m, 1)
  })

  test('something that cannot act on a change is told, and the password with it', async () => {
    using folder = userFolder({
      'devicehub.config.ts': `${TYPES}
import { createFleet, memoryStore } from 'devicehub'
const fleet = createFleet({ types: [station], store: memoryStore() })
fleet.onChange('broker', () => {})
fleet.onChange('other', () => { throw new Error('it is away') })
export default { fleet }
`,
    })
    const { stdout, stderr, code } = await devices(
      host,
      folder,
      'provision',
      'weatherstation',
      'S-1',
    )
    assert.match(stdout, /^weatherstation\/S-1: done \(told: broker\)\n.*\n {2}password {3}dhs_/)
    assert.equal(
      stderr,
      'devicehub: weatherstation/S-1: it is on record, but other failed: it is away\n',
    )
    assert.equal(code, 1)
  })
})

test('labels have the logins as QR codes', options, async () => {
  using folder = await fleetFolder(host)
  const args = ['provision', 'node', '--count', '3', '--prefix', '<N>-', '--output', 'new.jsonl']
  assertDone(await devices(host, folder, ...args))
  const sheet = await devices(host, folder, 'labels', 'new.jsonl', '--output', 'sheet.html')
  assert.equal(assertDone(sheet), 'sheet.html: 3 labels\n')
  const page = readFileSync(join(folder.path, 'sheet.html'), 'utf8')
  assert.equal(statSync(join(folder.path, 'sheet.html')).mode & 0o777, 0o600)
  assert.equal(page.match(/<svg/g)?.length, 3)
  assert.match(page, /<b>&#60;N&#62;-001<\/b>node<br>node\/&#60;N&#62;-001/)
  assert.doesNotMatch(page, /dhs_/)
  const again = await devices(host, folder, 'labels', 'new.jsonl', '--output', 'sheet.html')
  assertFails(again, /sheet\.html is there already: --force replaces it$/m, 1)
  const none = await devices(host, folder, 'labels', 'devicehub.config.ts', '--output', 'x.html')
  assertFails(none, /devicehub\.config\.ts is there already, and no result of this command/, 2)
  assert.equal(existsSync(join(folder.path, 'x.html')), false)
})

test('looking at a SQLite file takes no configuration', options, async () => {
  using folder = await fleetFolder(host)
  await devices(host, folder, 'provision', 'node', 'N-1')
  using other = userFolder()
  const store = join(folder.path, 'fleet.db')
  const list = await devices(host, other, 'list', '--json', '--store', store)
  assert.deepEqual(
    objectsOf(assertDone(list)).map(({ id }) => id),
    ['N-1'],
  )
  const change = await devices(host, other, 'revoke', 'node/N-1', '--store', store)
  assertFails(change, /there is no configuration file here/, 2)
})

test('passwords are made under the pepper of the fleet, or not at all', options, async () => {
  using folder = await fleetFolder(host)
  folder.write('d.csv', 'type,id\nnode,N-1\n')
  for (const args of [
    ['provision', 'node', 'N-1'],
    ['rotate', 'node/N-1'],
    ['import', 'd.csv'],
  ]) {
    const refused = await run(host, folder, ['devices', ...args])
    assertFails(refused, /the configuration has its types alone: set DEVICEHUB_PEPPER to it/, 2)
  }
  const short = await run(host, folder, ['devices', 'list'], { DEVICEHUB_PEPPER: 'short' })
  assertFails(short, /^devicehub: DEVICEHUB_PEPPER: .*16 bytes/, 2)
  const without = await run(host, folder, ['devices', 'provision', 'node', 'N-1'], {
    DEVICEHUB_PEPPER: '',
  })
  assertDone(without)
})

const WRONG: readonly (readonly [args: readonly string[], line: RegExp])[] = [
  [['list', '--wrong'], /unknown option '--wrong'/],
  [['show', 'N-1'], /It must be TYPE\/ID, such as pump\/P-1/],
  [['show', 'a/b/c'], /It must be TYPE\/ID/],
  [['list', '--limit', '0'], /It must be a whole number from 1/],
  [['list', '--battery-below', 'x'], /It must be a number from 0 to 100/],
  [['rotate', 'a/b', '--overlap', '-1'], /It must be a whole number of seconds/],
  [['import', 'a.csv', '--format', 'xml'], /Allowed choices are csv, jsonl/],
  [['provision', 'node', 'N-1', '--attribute', 'site'], /It must be NAME=VALUE/],
  [['labels', 'a.jsonl'], /required option '--output <file>' not specified/],
]

for (const one of [node, ...hosts.slice(2)]) {
  test(`what is wrong on the command line, on ${one.name}`, { skip: one.missing }, async () => {
    using folder = userFolder({ 'devicehub.config.ts': CONFIG })
    for (const [args, line] of one === node ? WRONG : WRONG.slice(0, 1)) {
      const { code, stdout, stderr } = await devices(one, folder, ...args)
      assert.match(stderr, line)
      assert.match(stderr, /^devicehub: [^\n]+\n\n?Usage: devicehub devices [^\n]+\n$/)
      assert.deepEqual([stdout, code], ['', 2])
    }
  })
}

describe('what is at odds', () => {
  for (const [args, line] of [
    [['list', '--revoked', '--active'], /--revoked and --active: one of them/],
    [['provision', 'node'], /name the devices, or say how many by --count/],
    [['provision', 'node', '--count', '3'], /--count needs --prefix/],
    [['provision', 'node', '--count', '3', '--prefix', 'N-'], /--count needs --output/],
    [['provision', 'node', 'N-1', '--count', '3'], /one of them/],
    [['provision', 'node', 'N-1', '--prefix', 'N'], /--prefix and --first are of --count/],
    [['provision', 'node', 'N-1', 'N-2', '--username', 'x'], /--username is for one device/],
    [['list', '--url', 'https://localhost/', '--store', 'x'], /--store and --url: one of them/],
    [['list', '--secret-file', 'x'], /--secret-file is of --url/],
    [['list', '--url', 'http://example.com/admin'], /must be https: the secret would be sent/],
    [['list', '--url', 'https://a:correct@b/'], /must have no login, query or fragment/],
    [['list', '--url', 'nothing'], /must be a URL such as https:\/\/example\.com\/admin/],
  ] as const) {
    test(args.join(' '), async () => {
      using folder = userFolder({ 'devicehub.config.ts': configWithStore() })
      const outcome = await devices(node, folder, ...args)
      assertFails(outcome, line, 2)
      assert.doesNotMatch(outcome.stderr, /correct/)
    })
  }

  test('a configuration without a store, or with a file that is not there', async () => {
    using folder = userFolder({ 'devicehub.config.ts': configModule('station', { default: {} }) })
    assertFails(
      await devices(node, folder, 'list'),
      /the configuration has no store: add "store"/,
      2,
    )
    folder.write('devicehub.config.ts', CONFIG)
    const missing = /fleet\.db: there is no such file: devicehub store migrate makes it$/m
    assertFails(await devices(node, folder, 'list'), missing, 1)
    assertFails(await devices(node, folder, 'provision', 'node', 'N-1'), missing, 1)
    assert.equal(existsSync(join(folder.path, 'fleet.db')), false)
  })
})

/** Over memory, which every runtime has. */
function configWithStore(): string {
  return `${TYPES}
import { memoryStore } from 'devicehub'
export default { types: [station, node], store: memoryStore() }
`
}

for (const one of hosts) {
  test(`list ends with 141 when nobody reads it any more, on ${one.name}`, {
    skip: one.missing,
  }, async () => {
    using folder = userFolder({ 'devicehub.config.ts': endlessConfig() })
    const running = start(one, folder, ['devices', 'list', '--json'], ENV)
    await running.until(/"id":"N-0"/)
    running.process.stdout!.destroy()
    assert.equal(await running.exit(), 141)
    assert.equal(running.stderr(), 'devicehub: the output was closed by its reader\n')
  })
}

/** A store whose list never ends. */
function endlessConfig(): string {
  return `${TYPES}
import { memoryStore } from 'devicehub'
const of = (i) => ({ type: 'node', id: \`N-\${i}\`, username: \`node/N-\${i}\`, credentials: [], rules: [], attributes: {}, revoked: false, createdAt: 0, revision: 1 })
const list = async ({ cursor = '0' } = {}) => ({ records: [of(cursor)], cursor: \`\${Number(cursor) + 1}\` })
export default { types: [station, node], store: { ...memoryStore(), list } }
`
}
