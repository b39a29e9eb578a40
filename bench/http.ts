/**
 * The routes a broker asks, over HTTP on loopback, on Node, Bun and Deno: asked by `wrk`, against two
 * baselines of the same server in the same run.
 *
 * @module
 */
import { equal, ok } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { here, login, onEachRuntime } from './http/runtimes.ts'
import { djangoUsername, PASSWORD } from './http/site.ts'
import type { Effort } from './measure.ts'
import { tell } from './progress.ts'
import { grouped, median, multiple, table } from './table.ts'

const run = promisify(execFile)
/** How many connections ask at once. */
const CONNECTIONS = 32
const SLOW_LOGINS = 5

const LOGIN = (type: string) =>
  `{"username":"${type}/%ID","password":"${PASSWORD}","clientid":"${type}/%ID"}`
const ACCESS =
  '{"username":"pump/%ID","clientid":"c-1","topic":"things/pump/%ID/data","action":"publish","qos":"1","retain":"false"}'

/** What is asked, and the path of the fair route that answers the same bytes. */
const QUESTIONS = [
  {
    name: 'login, rule list',
    path: '/iot/broker/emqx/auth',
    fair: '/fair/auth',
    body: LOGIN('pump'),
  },
  { name: 'login', path: '/iot/broker/emqx/auth', fair: '/fair/auth', body: LOGIN('valve') },
  { name: 'access', path: '/iot/broker/emqx/acl', fair: '/fair/acl', body: ACCESS },
] as const

interface Load {
  /** Answers per second. */
  readonly rate: number
  /** The time within which 99 of 100 answers came, in milliseconds. */
  readonly p99: number
  /** Microseconds of the server's CPU for each answer, of all its threads. */
  readonly cpu: number
}

/** One turn of each. */
interface Turn {
  readonly bare: Load
  readonly fair: Load
  readonly own: Load
}

/** Measures every runtime. Returns Markdown. */
export async function bench({ rounds, roundTime }: Effort): Promise<AsyncIterable<string>> {
  await run('wrk', ['-v']).catch(({ code }: { code: unknown }) => {
    if (code === 'ENOENT') throw new Error('wrk is missing: sudo apt-get install --yes wrk')
  })
  // wrk counts in whole seconds.
  const seconds = Math.max(1, Math.round(roundTime / 20))
  const turns = Math.max(1, Math.round(rounds / 7))
  const loads = QUESTIONS.length * (turns + 1) * 3
  tell(
    `http: ${turns + 1} turns of ${QUESTIONS.length} questions, ${loads * seconds} s per runtime`,
  )
  return onEachRuntime(async (url) => {
    const rows = await measureQuestions(url, turns, seconds)
    return `${rows}\n\nOne login by a hash of Django: ${await slowLogin(url)} ms.`
  })
}

async function measureQuestions(url: string, turns: number, seconds: number): Promise<string> {
  const rows: string[][] = []
  for (const { name, path, fair, body } of QUESTIONS) {
    tell(`http: ${name}`)
    const all: Turn[] = []
    // The first turn warms all of them up.
    for (let turn = 0; turn <= turns; turn++) {
      const one = {
        bare: await load(url, '/bare', body, seconds),
        fair: await load(url, fair, body, seconds),
        own: await load(url, path, body, seconds),
      }
      if (turn > 0) all.push(one)
    }
    const of = (value: (turn: Turn) => number) => median(all.map(value))
    rows.push([
      name,
      of(({ fair, own }) => own.rate / fair.rate).toFixed(2),
      of(({ bare, own }) => own.rate / bare.rate).toFixed(2),
      multiple(of(({ fair, own }) => own.p99 / fair.p99)),
      grouped(of(({ own }) => own.rate)),
      grouped(of(({ fair }) => fair.rate)),
      grouped(of(({ bare }) => bare.rate)),
      `${of(({ own }) => own.p99).toFixed(1)} ms`,
      [of(({ own }) => own.cpu), of(({ fair }) => fair.cpu), of(({ bare }) => bare.cpu)]
        .map((cpu) => cpu.toFixed(0))
        .join(', '),
    ])
  }
  const head = [
    'Question',
    'Rate, as a share of fair',
    'As a share of bare',
    'p99, in multiples of fair',
    'Answers per second',
    'Fair',
    'Bare',
    'p99',
    'CPU per answer, µs: own, fair, bare',
  ]
  return table(head, rows)
}

async function load(url: string, path: string, body: string, seconds: number): Promise<Load> {
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', here('ask.lua')]
  const before = await cpuOf(url)
  const { stdout } = await run('wrk', [...options, url, '--', path, body])
  const spent = (await cpuOf(url)) - before
  ok(!stdout.includes('Non-2xx'), stdout)
  const rate = Number(/Requests\/sec: +([\d.]+)/.exec(stdout)?.[1])
  const answers = Number(/(\d+) requests in/.exec(stdout)?.[1])
  const [, value, unit] = /99% +([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  const p99 = Number(value) * { us: 0.001, ms: 1, s: 1_000 }[unit as 'us' | 'ms' | 's']
  ok(rate > 0 && p99 > 0 && answers > 0, stdout)
  return { rate, p99, cpu: spent / answers }
}

/** Microseconds of CPU that the server has taken so far. */
async function cpuOf(url: string): Promise<number> {
  return Number(await (await fetch(`${url}/cpu`)).text())
}

/** The median time of logins whose password has a slow hash, one after the other. */
async function slowLogin(url: string): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < SLOW_LOGINS; i++) {
    const start = performance.now()
    equal(await login(url, djangoUsername(0), `guess ${i}`), 'deny')
    times.push(performance.now() - start)
  }
  return Math.round(median(times))
}
