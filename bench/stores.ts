/**
 * A fleet of 1,000 and one of 1,000,000 devices in a database: what it takes to put them on record, what a
 * login over the routes takes, and what presence does.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { build } from 'tsup'
import { newestNode } from '../test/runner/runtime.ts'
import { postgresMissing, startPostgres } from '../test/support/postgres.ts'
import { endWithParent } from './child.ts'
import { type Effort, QUICK, quantile } from './measure.ts'
import { tell } from './progress.ts'
import type { Measured, Task } from './stores/task.ts'
import { grouped, multiple, table } from './table.ts'

const BUILT = fileURLToPath(new URL('../node_modules/.bench', import.meta.url))
/** A login to the large fleet takes at most so many times as long as one to the small one. */
const TARGET = 1.5

/** Measures both databases. Returns Markdown. */
export async function* bench(effort: Effort): AsyncIterable<string> {
  const isQuick = effort === QUICK
  const part: Omit<Task, 'driver' | 'small' | 'large'> = {
    sizes: isQuick ? [100, 2_000] : [1_000, 1_000_000],
    singles: isQuick ? 10 : 1_000,
    logins: isQuick ? 100 : 10_000,
    present: isQuick ? 2_000 : 100_000,
  }
  const entry = { stores: fileURLToPath(new URL('stores/process.ts', import.meta.url)) }
  const outExtension = () => ({ js: '.mjs' })
  await build({
    entry,
    outDir: BUILT,
    outExtension,
    format: 'esm',
    config: false,
    silent: true,
    external: ['pg', /^node:/],
    removeNodeProtocol: false,
  })
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-bench-'))
  try {
    tell(`SQLite, through node:sqlite: ${grouped(part.sizes[1])} devices`)
    const files = { small: join(folder, 'small.db'), large: join(folder, 'large.db') }
    yield describe('SQLite', part, await run({ driver: 'node:sqlite', ...files, ...part }))
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (postgresMissing) {
    yield `### PostgreSQL\n\nNot measured: ${postgresMissing}`
    return
  }
  tell(`PostgreSQL, through pg: ${grouped(part.sizes[1])} devices`)
  const server = await startPostgres()
  try {
    const client = new pg.Client(server.url)
    await client.connect()
    await client.query('CREATE DATABASE large')
    await client.end()
    const urls = { small: server.url, large: server.url.replace(/\/[^/]*$/, '/large') }
    yield describe('PostgreSQL', part, await run({ driver: 'pg', ...urls, ...part }))
  } finally {
    await server.stop()
  }
}

async function run(task: Task): Promise<Measured> {
  const program = ['--expose-gc', `${BUILT}/stores.mjs`, JSON.stringify(task)]
  const child = spawn(newestNode.command, program, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  const end = endWithParent(child)
  try {
    return JSON.parse(await text(child.stdout)) as Measured
  } finally {
    end()
  }
}

function describe(
  name: string,
  task: Omit<Task, 'driver' | 'small' | 'large'>,
  of: Measured,
): string {
  const { sizes, singles, present } = task
  const rate = (count: number, ms: number) => `${grouped((count * 1_000) / ms)} a second`
  const batchTimes = (times: readonly number[]) =>
    `${quantile(times, 0.5).toFixed(1)} ms, ${quantile(times, 0.99).toFixed(1)} ms`
  const logins = [0.5, 0.99].map((at) => {
    const [small, large] = [quantile(of.small, at), quantile(of.large, at)]
    const ratio = large / small
    return [
      `p${at * 100}`,
      `${small.toFixed(3)} ms`,
      `${large.toFixed(3)} ms`,
      multiple(ratio),
      ratio <= TARGET ? 'pass' : 'miss',
    ]
  })
  const many = (sizes[1] * 1_000) / of.provisioned
  const single = (singles * 1_000) / of.oneByOne
  const sum = (times: readonly number[]) => times.reduce((all, time) => all + time, 0)
  return [
    `### ${name}: logins over the routes`,
    table(
      [
        'Of a login',
        `${grouped(sizes[0])} devices`,
        `${grouped(sizes[1])} devices`,
        'Ratio',
        `At most ${TARGET}`,
      ],
      logins,
    ),
    `### ${name}: devices and presence`,
    table(
      ['What', 'Measured'],
      [
        ['provisioned one by one', rate(singles, of.oneByOne)],
        [
          `provisioned by the thousand, ${grouped(sizes[1])} devices`,
          `${rate(sizes[1], of.provisioned)}: ${multiple(many / single)} times that`,
        ],
        ['memory of the process after its logins', `${grouped(of.memory / 2 ** 20)} MiB`],
        [
          `presence of ${grouped(present)} devices, the first time`,
          `${rate(present, sum(of.firstBatches))}; a batch of 1,000: ${batchTimes(of.firstBatches)} (p50, p99)`,
        ],
        ['and again', `${rate(present, sum(of.batches))}; ${batchTimes(of.batches)}`],
        ['a sweep that finds nobody', `${of.sweepNone.toFixed(2)} ms`],
        [`sweeps that find all ${grouped(present)}`, `${of.sweepAll.toFixed(0)} ms`],
      ],
    ),
  ].join('\n\n')
}
