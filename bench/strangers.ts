/**
 * What logins under names that nobody has cost those on record with slow passwords: devices from Django
 * and a hub, each of which logs in once, beside more and more strangers.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import { pbkdf2, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { hashPassword } from '../src/index.ts'
import { BUILT, onEachRuntime, RUNTIMES } from './http/runtimes.ts'
import { type Effort, QUICK } from './measure.ts'
import { tell } from './progress.ts'
import { PARTS, PASSWORD, type Part, SECRET } from './strangers/site.ts'
import { grouped, median, multiple, table } from './table.ts'

/** As Django 3.2 makes them. */
const ROUNDS = 260_000
/** Seconds after which a part ends, however many have logged in by then. */
const MAX_PART = 40
/** Seconds that strangers are waited for behind a part: the routes answer within 4. */
const MAX_WAIT = 10
/** At most so many times as long as without strangers. */
const TARGET = 3

interface Run {
  readonly part: Part
  readonly times: readonly number[]
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
  const usernames = Array.from({ length: count }, (_, i) => `pump/P-${i}`)
  usernames.splice(count / 2, 0, 'hub')
  const end = performance.now() + limit * 1_000
  for (const [i, username] of usernames.entries()) {
    if (performance.now() > end) break
    const start = performance.now()
    equal(await login(url, username, PASSWORD, i), 'allow')
    times.push(performance.now() - start)
  }
  return { part, times, strangers: await flood.stop() }
}

/** Logins under names that nobody has, each from an address of its own. */
function startStrangers(url: string, rate: number) {
  const answers: Promise<void>[] = []
  let answered = 0
  const begin = performance.now()
  const timer = setInterval(() => {
    const due = ((performance.now() - begin) / 1_000) * rate
    while (answers.length < due) answers.push(ask(answers.length))
  }, 5)
  const ask = async (i: number) => {
    equal(await login(url, `stranger-${i}`, 'guess', 1_000 + i), 'deny')
    answered++
  }
  return {
    async stop() {
      clearInterval(timer)
      // A broker asks over a few connections; here are as many as there are questions.
      await Promise.race([
        Promise.all(answers),
        setTimeout(MAX_WAIT * 1_000, undefined, { ref: false }),
      ])
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
  const peerhost = `10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`
  const response = await fetch(`${url}/emqx/auth`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
    body: JSON.stringify({ username, password, clientid: username, peerhost }),
  })
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
  const rows = runs.map(({ part, times, strangers }) => {
    const middle = median(times)
    return [
      describePart(part),
      `${middle.toFixed(0)} ms`,
      multiple(middle / quiet),
      `${times.length} of ${times.length}`,
      grouped(strangers),
      strangers === 0 ? '–' : middle <= TARGET * quiet ? 'pass' : 'fail',
    ]
  })
  return table(
    [
      'Rightful logins',
      'Median',
      'In multiples of quiet',
      'Let in',
      'Strangers denied',
      `At most ${TARGET}`,
    ],
    rows,
  )
}
