/**
 * `devicehub devices import` of 1,000,000 devices into a database, killed three times on the way and run
 * again: how long all of it takes, and how much memory.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { newestNode } from '../test/runner/runtime.ts'
import { postgresMissing, startPostgres } from '../test/support/postgres.ts'
import { endWithParent } from './child.ts'
import { type Effort, QUICK } from './measure.ts'
import { tell } from './progress.ts'
import { grouped, table } from './table.ts'

const BUILT = fileURLToPath(new URL('../node_modules/.bench/imports', import.meta.url))
const NODE = fileURLToPath(new URL(`../${newestNode.command}`, import.meta.url))
const PEPPER = 'a pepper of more than 16 bytes'
const FILE = 'pumps.csv'
const RESULT = `${FILE}.result.jsonl`
/** Bytes of a line of a result, about. */
const LINE = 150
/** How much is done when it is killed. */
const KILLS = [0.2, 0.45, 0.7]

/** One run of the command, until it was killed or done. */
interface Ran {
  readonly ms: number
  /** Most of its memory that was resident, in bytes, where the system tells. */
  readonly memory: number
}

/** Measures both databases. Returns Markdown. */
export async function* bench(effort: Effort): AsyncIterable<string> {
  const count = effort === QUICK ? 5_000 : 1_000_000
  await build({
    entry: {
      bin: fileURLToPath(new URL('../adapters/cli/main.ts', import.meta.url)),
      core: fileURLToPath(new URL('../src/index.ts', import.meta.url)),
      sql: fileURLToPath(new URL('../adapters/sql/index.ts', import.meta.url)),
    },
    outDir: BUILT,
    outExtension: () => ({ js: '.mjs' }),
    format: 'esm',
    platform: 'neutral',
    splitting: true,
    config: false,
    silent: true,
    external: [/^node:/],
    removeNodeProtocol: false,
  })
  yield await measured('SQLite', count, `store: 'fleet.db'`)
  if (postgresMissing) {
    yield `### PostgreSQL\n\nNot measured: ${postgresMissing}`
    return
  }
  const server = await startPostgres()
  try {
    const store = `sqlStore(pgPool(new pg.Pool({ connectionString: '${server.url}' })))`
    yield await measured('PostgreSQL', count, `store: ${store}`, `import pg from 'pg'`)
  } finally {
    await server.stop()
  }
}

async function measured(name: string, count: number, store: string, more = ''): Promise<string> {
  tell(`${name}: ${grouped(count)} devices`)
  // Where the packages of the configuration are found.
  const folder = mkdtempSync(join(BUILT, 'site-'))
  try {
    writeFileSync(
      join(folder, 'devicehub.config.mjs'),
      `import { defineDeviceType } from '../core.mjs'
import { pgPool, sqlStore } from '../sql.mjs'
${more}
const data = { '~standard': { version: 1, vendor: 'bench', validate: (value) => ({ value }) } }
export default { types: [defineDeviceType('pump', { data })], ${store} }
`,
    )
    await writeDevices(join(folder, FILE), count)
    await end(command(folder, 'store', 'migrate'))
    const runs: Ran[] = []
    for (const part of [...KILLS, 1]) runs.push(await importUntil(folder, part * count))
    equal(await countResults(join(folder, RESULT)), count)
    const listed = command(folder, 'devices', 'list', '--json')
    let onRecord = 0
    for await (const _ of createInterface(listed.stdout!)) onRecord += 1
    equal(onRecord, count)
    return describe(name, count, runs)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function writeDevices(path: string, count: number): Promise<void> {
  const file = createWriteStream(path)
  file.write('type,id,attributes.site\n')
  for (let i = 0; i < count; i++) {
    if (!file.write(`pump,PUMP-${i},north\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

/** Runs the import until so many are written down, and kills it; or to its end. */
async function importUntil(folder: string, count: number): Promise<Ran> {
  const begin = performance.now()
  const child = command(folder, 'devices', 'import', FILE)
  const result = join(folder, RESULT)
  const isLast = count === (await countLines(join(folder, FILE))) - 1
  let memory = 0
  while (child.exitCode === null && child.signalCode === null) {
    memory = Math.max(memory, memoryOf(child))
    if (!isLast && existsSync(result) && statSync(result).size >= count * LINE)
      child.kill('SIGKILL')
    await pause(20)
  }
  if (isLast) equal(child.exitCode, 0)
  return { ms: performance.now() - begin, memory }
}

function command(folder: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(NODE, [join(BUILT, 'bin.mjs'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', DEVICEHUB_PEPPER: PEPPER },
  })
  child.once('exit', endWithParent(child))
  return child
}

async function end(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit')
  equal(code, 0)
}

function memoryOf({ pid }: ChildProcess): number {
  try {
    const told = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return Number(told?.[1] ?? 0) * 1_024
  } catch {
    return 0
  }
}

async function countLines(path: string): Promise<number> {
  let lines = 0
  for await (const _ of createInterface(createReadStream(path))) lines += 1
  return lines
}

/** How many devices a result has a password of. */
async function countResults(path: string): Promise<number> {
  const ids = new Set<string>()
  for await (const line of createInterface(createReadStream(path))) {
    const { result, id, password } = JSON.parse(line)
    if (result === 'added' && password) ids.add(id)
  }
  return ids.size
}

function describe(name: string, count: number, runs: readonly Ran[]): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  const total = runs.reduce((all, { ms }) => all + ms, 0)
  const rows = runs.map(({ ms, memory }, i) => [
    i < KILLS.length ? `killed after ${KILLS[i]! * 100} %` : 'to its end',
    seconds(ms),
    memory === 0 ? 'not told' : `${grouped(memory / 2 ** 20)} MiB`,
  ])
  return [
    `### ${name}: an import of ${grouped(count)} devices`,
    table(
      ['Run', 'Time', 'Memory at most'],
      [
        ...rows,
        [
          'all of them',
          `${seconds(total)}: ${grouped((count * 1_000) / total)} devices a second`,
          '',
        ],
      ],
    ),
  ].join('\n\n')
}
