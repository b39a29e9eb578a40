/**
 * What logins under names that nobody has cost those on record with slow passwords: devices from Django
 * and a hub, each of which logs in once, beside more and more strangers.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { pbkdf2, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { hashPassword } from '../src/index.ts'
import { endWithParent } from './child.ts'
import { BUILT, onEachRuntime, RUNTIMES } from './http/runtimes.ts'
import { type Effort, QUICK } from './measure.ts'
import { tell } from './progress.ts'
import { loginRequest, PARTS, PASSWORD, type Part } from './strangers/site.ts'
import { grouped, median, multiple, table } from './table.ts'

/** As Django 3.2 makes them. */
const ROUNDS = 260_000
/** Seconds after which a part ends, however many have logged in by then. */
const MAX_PART = 40
/** At most so many times as long as without strangers. */
const TARGET = 3

interface Run {
  readonly part: Part
  /** Of each rightful login, in milliseconds. */
  readonly times: readonly number[]
  readonly letIn: number
  readonly strangers: number
}

/** Measures every runtime. Returns Markdown. */
export async function bench(effort: Effort): Promise<AsyncIterable<string>> {
  const count = effort === QUICK ? 5 : 100
  const limit = effort === QUICK ? 5 : MAX_PART
  const minutes = Math.ceil((RUNTIMES.length * PARTS.length * limit) / 60) + 1
  tell(`strangers: at most ${minutes} minutes; now hashing ${count} passwords`)
  const path = `${BUILT}/strangers.json`
  mkdirSync(BUILT, { recursive: true })
  const devices = await Promise.all(Array.from({ length: count }, makeDjangoHash))
  writeFileSync(path, JSON.stringify({ devices, hub: await hashPassword(PASSWORD) }))

  const entry = { asker: fileURLToPath(new URL('strangers/asker.ts', import.meta.url)) }
  const outExtension = () => ({ js: '.mjs' })
  await build({ entry, outDir: BUILT, outExtension, format: 'esm', config: false, silent: true })
  const program = fileURLToPath(new URL('strangers/server.ts', import.meta.url))
  return onEachRuntime(
    async (url, runtime) => {
      const runs: Run[] = []
      for (const part of PARTS) {
        tell(`${runtime}, ${describePart(part)}: ${count} devices and a hub, ${limit} s at most`)
        runs.push(await runPart(`${url}/${part}`, part, part === 'warm' ? 5 : count, limit))
      }
      return describeRuns(runs.slice(1))
    },
    program,
    [path],
  )
}

async function makeDjangoHash(): Promise<string> {
  const salt = randomBytes(11).toString('hex')
  const key = await promisify(pbkdf2)(PASSWORD, salt, ROUNDS, 32, 'sha256')
  return `pbkdf2_sha256$${ROUNDS}$${salt}$${key.toString('base64')}`
}

/** Has each device log in once, one after another, and the hub between them, beside strangers. */
async function runPart(url: string, part: Part, count: number, limit: number): Promise<Run> {
  // From now on an unknown name takes time, and the hub's kind of password is known too.
  for (const username of ['pump/P-0', 'hub']) equal(await login(url, username, 'wrong', 0), 'deny')
  const flood = startStrangers(url, Number(part) || 0)
  const times: number[] = []
  let letIn = 0
  const usernames = Array.from({ length: count }, (_, i) => `pump/P-${i}`)
  usernames.splice(count / 2, 0, 'hub')
  const end = performance.now() + limit * 1_000
  for (const [i, username] of usernames.entries()) {
    if (performance.now() > end) break
    const start = performance.now()
    if ((await login(url, username, PASSWORD, i)) === 'allow') letIn++
    times.push(performance.now() - start)
  }
  return { part, times, letIn, strangers: await flood.stop() }
}

/** Logins under names that nobody has; see `strangers/asker.ts`. */
function startStrangers(url: string, rate: number) {
  if (rate === 0) return { stop: async () => 0 }
  const child = spawn(process.execPath, [`${BUILT}/asker.mjs`, url, `${rate}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const end = endWithParent(child)
  const ended = once(child, 'close')
  return {
    async stop() {
      child.stdin.end()
      const answered = Number(await text(child.stdout))
      equal((await ended)[0], 0)
      end()
      return answered
    },
  }
}

/** Logs in as EMQX does it, and tells the result. */
async function login(
  url: string,
  username: string,
  password: string,
  address: number,
): Promise<string> {
  const { path, ...init } = loginRequest(username, password, address)
  const response = await fetch(url + path, init)
  const { result } = (await response.json()) as { result: string }
  return result
}

function describePart(part: Part): string {
  const isRate = Number(part) > 0
  return isRate ? `beside ${grouped(Number(part))} a second` : `without strangers (${part})`
}

function describeRuns(runs: readonly Run[]): string {
  const quiet = median(
    runs.filter(({ strangers }) => strangers === 0).flatMap(({ times }) => times),
  )
  const rows = runs.map(({ part, times, letIn, strangers }) => {
    const middle = median(times)
    const isGood = middle <= TARGET * quiet && letIn === times.length
    return [
      describePart(part),
      `${middle.toFixed(0)} ms`,
      multiple(middle / quiet),
      `${letIn} of ${times.length}`,
      grouped(strangers),
      strangers === 0 ? '–' : isGood ? 'pass' : 'miss',
    ]
  })
  return table(
    [
      'Rightful logins',
      'Median',
      'In multiples of quiet',
      'Let in',
      'Strangers denied',
      `At most ${TARGET}, and all let in`,
    ],
    rows,
  )
}
