/**
 * The benches run and say what they measured. No number is looked at.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { dynsecSiteMissing } from '../support/dynsec-site.ts'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { postgresMissing } from '../support/postgres.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** One takes up to 30 seconds, and 120 beside much else. */
const LIMIT = 600_000

function runBenches(...args: readonly string[]) {
  const node = ['--expose-gc', '--import', 'tsx', 'bench/run.ts', '--quick', ...args]
  return spawnSync(process.execPath, node, { cwd: root, encoding: 'utf8', timeout: LIMIT })
}

/** Each table's column heads and the first cells of its rows, by the heading above it. */
function tablesOf(markdown: string): ReadonlyMap<string, { head: string; rows: string[] }> {
  const tables = new Map<string, { head: string; rows: string[] }>()
  for (const section of markdown.split('### ').slice(1)) {
    const [title = '', ...lines] = section.split('\n')
    const [head = '', , ...rows] = lines.filter((line) => line.startsWith('| '))
    tables.set(title, { head, rows: rows.map((row) => row.split(' | ')[0]!.slice(2)) })
  }
  return tables
}

const BASELINES = ['plain loop', 'loop over `mqtt-match`', 'trie of `qlobber`']

describe('npm run bench', () => {
  test('measures decisions, of names and of sets, against the baselines', () => {
    const { status, stdout, stderr } = runBenches('decisions')
    assert.equal(status, 0, stderr)
    const tables = tablesOf(stdout)
    const contenders = ['compiled', '`decide()`, compiles each time', ...BASELINES]
    for (const title of [
      'Default rules of a device: grants and denials',
      'Default rules of a device: grants',
      'Default rules of a device: denials',
      '50 rules',
      '40 denies and 5 allows',
    ]) {
      assert.deepEqual(tables.get(title)?.rows, contenders, title)
    }
    const sets = tables.get('40 denies and 5 allows: subscriptions with wildcards')
    assert.deepEqual(sets?.rows, contenders.slice(0, 3))
    assert.match(sets?.head ?? '', /Spread \| Allocated by one/)
  })

  test('measures routing at three sizes, and how it grows', () => {
    const { status, stdout, stderr } = runBenches('routing')
    assert.equal(status, 0, stderr)
    const tables = tablesOf(stdout)
    for (const title of ['10 filters', '1,000 filters', '100,000 filters']) {
      const rows = tables.get(title)?.rows ?? []
      assert.equal(rows[0], '`filterTree`', title)
      for (const baseline of BASELINES) assert.ok(rows.includes(baseline), `${title}: ${baseline}`)
    }
    const growth = tables.get('Growth of `filterTree`')
    assert.deepEqual(growth?.rows, ['10', '1,000', '100,000'])
    assert.match(stdout, /\| (pass|miss) \|/)
  })

  test('compares the packages that are installed', () => {
    const { status, stdout, stderr } = runBenches('candidates')
    assert.equal(status, 0, stderr)
    assert.deepEqual(tablesOf(stdout).get('Tries: 1000 filters')?.rows.slice(0, 2), [
      'qlobber: Qlobber',
      'qlobber: QlobberDedup',
    ])
  })

  test('measures logins during a flood of wrong passwords, on each runtime', () => {
    const { status, stdout, stderr } = runBenches('flood')
    assert.equal(status, 0, stderr)
    const tables = tablesOf(stdout)
    assert.deepEqual([...tables.keys()], ['Node', 'Bun', 'Deno'])
    for (const { rows } of tables.values()) assert.deepEqual(rows, ['quiet', 'flood'])
  })

  test('measures what it takes to keep Mosquitto in step', { skip: dynsecSiteMissing }, () => {
    const { status, stdout, stderr } = runBenches('mosquitto')
    assert.equal(status, 0, stderr)
    const tables = tablesOf(stdout)
    assert.deepEqual([...tables.keys()], ['Told over MQTT', 'Started with a document'])
    for (const { rows } of tables.values()) assert.deepEqual(rows, ['50'])
  })

  test('measures messages over MQTT against the bare package', { skip: mosquittoMissing }, () => {
    const { status, stdout, stderr } = runBenches('mqtt')
    assert.equal(status, 0, stderr)
    const runtimes = stdout.split('### ').map((section) => section.split('\n')[0])
    assert.deepEqual(runtimes.slice(1), [
      ...['Node', 'Bun', 'Deno'],
      'What Mosquitto takes',
      'Other clients, and devicehub on Node',
    ])
    assert.equal(stdout.match(/^\| (receive and handle|publish), QoS [01]\b/gm)?.length, 23)
  })

  test('measures the server beside Aedes and Mosquitto', { skip: mosquittoMissing }, () => {
    const { status, stdout, stderr } = runBenches('server')
    assert.equal(status, 0, stderr)
    const tables = tablesOf(stdout)
    const servers = ['devicehub', 'aedes', 'mosquitto']
    for (const title of [
      'Messages at QoS 0',
      'Messages at QoS 1',
      'Fan-out to 20',
      'Connections',
    ]) {
      assert.deepEqual(tables.get(title)?.rows, servers, title)
    }
    const filters = tables.get('Filters of one client, of which one matches')
    assert.equal(filters?.rows.length, 3 * servers.length)
    assert.equal(tables.get('Memory')?.rows.length, 2 * servers.length)
  })

  test('measures a small fleet and a large one in databases', { skip: postgresMissing }, () => {
    const { status, stdout, stderr } = runBenches('stores')
    assert.equal(status, 0, stderr)
    const tables = tablesOf(stdout)
    for (const database of ['SQLite', 'PostgreSQL']) {
      assert.deepEqual(tables.get(`${database}: logins over the routes`)?.rows, ['p50', 'p99'])
      assert.equal(tables.get(`${database}: devices and presence`)?.rows.length, 7)
    }
  })

  test('measures an import that is killed and goes on', { skip: postgresMissing }, () => {
    const { status, stdout, stderr } = runBenches('imports')
    assert.equal(status, 0, stderr)
    const tables = tablesOf(stdout)
    for (const database of ['SQLite', 'PostgreSQL']) {
      const { rows } = tables.get(`${database}: an import of 5,000 devices`)!
      assert.deepEqual(rows.slice(-2), ['to its end', 'all of them'])
    }
  })

  test('measures the smallest bundle for browsers', () => {
    const { status, stdout, stderr } = runBenches('bundle')
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^\| `devicehub\/mqtt` \|/m)
  })

  test('names the machine first', () => {
    assert.match(runBenches('candidates').stdout.split('\n')[0]!, /, Node v\d+\./)
  })

  test('refuses a name that no bench has', () => {
    const { status, stderr } = runBenches('decision')
    assert.equal(status, 1)
    assert.match(stderr, /No bench is named decision. There are: decisions, routing, candidates/)
  })
})
