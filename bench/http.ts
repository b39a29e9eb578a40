/**
 * The routes a broker asks, over HTTP on loopback, on Node, Bun and Deno: asked by `wrk`, against a
 * bare route of the same server in the same run.
 *
 * @module
 */
import { equal, ok } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { here, login, onEachRuntime } from './http/runtimes.ts'
import { djangoUsername, PASSWORD } from './http/site.ts'
import type { Effort } from './measure.ts'
import { grouped, median, multiple, table } from './table.ts'

const run = promisify(execFile)
/** How many connections ask at once. */
const CONNECTIONS = 32
const SLOW_LOGINS = 5

const LOGIN = (type: string) =>
  `{"username":"${type}/%ID","password":"${PASSWORD}","clientid":"${type}/%ID"}`
const ACCESS =
  '{"username":"pump/%ID","clientid":"c-1","topic":"things/pump/%ID/data","action":"publish","qos":"1","retain":"false"}'

/** What is asked, and by what bare question it is measured: one with the same body. */
const QUESTIONS = [
  { name: 'login, rule list in the answer', path: '/iot/broker/emqx/auth', body: LOGIN('pump') },
  { name: 'login, no rule list', path: '/iot/broker/emqx/auth', body: LOGIN('valve') },
  { name: 'access', path: '/iot/broker/emqx/acl', body: ACCESS },
] as const

interface Load {
  /** Answers per second. */
  readonly rate: number
  /** The time within which 99 of 100 answers came, in milliseconds. */
  readonly p99: number
}

/** Measures every runtime. Returns Markdown. */
export async function bench({ rounds, roundTime }: Effort): Promise<string> {
  await run('wrk', ['-v']).catch(({ code }: { code: unknown }) => {
    if (code === 'ENOENT') throw new Error('wrk is missing: sudo apt-get install --yes wrk')
  })
  // wrk counts in whole seconds.
  const seconds = Math.max(1, Math.round(roundTime / 20))
  const turns = Math.max(1, Math.round(rounds / 7))
  return onEachRuntime(async (url) => {
    const rows = await measureQuestions(url, turns, seconds)
    return `${rows}\n\nOne login by a hash of Django: ${await slowLogin(url)} ms.`
  })
}

async function measureQuestions(url: string, turns: number, seconds: number): Promise<string> {
  const rows: string[][] = []
  for (const { name, path, body } of QUESTIONS) {
    const pairs: { bare: Load; own: Load }[] = []
    // The first turn warms both up.
    for (let turn = 0; turn <= turns; turn++) {
      const pair = {
        bare: await load(`${url}/bare`, '/bare', body, seconds),
        own: await load(url, path, body, seconds),
      }
      if (turn > 0) pairs.push(pair)
    }
    const share = median(pairs.map(({ bare, own }) => own.rate / bare.rate))
    const p99 = median(pairs.map(({ bare, own }) => own.p99 / bare.p99))
    rows.push([
      name,
      share.toFixed(2),
      grouped(Math.round(median(pairs.map(({ own }) => own.rate)))),
      grouped(Math.round(median(pairs.map(({ bare }) => bare.rate)))),
      multiple(p99),
      `${median(pairs.map(({ own }) => own.p99)).toFixed(1)} ms`,
    ])
  }
  const head = [
    'Question',
    'Rate, as a share of bare',
    'Answers per second',
    'Bare',
    'p99, in multiples of bare',
    'p99',
  ]
  return table(head, rows)
}

async function load(url: string, path: string, body: string, seconds: number): Promise<Load> {
  const options = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', here('ask.lua')]
  const { stdout } = await run('wrk', [...options, url, '--', path, body])
  ok(!stdout.includes('Non-2xx'), stdout)
  const rate = Number(/Requests\/sec: +([\d.]+)/.exec(stdout)?.[1])
  const [, value, unit] = /99% +([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  const p99 = Number(value) * { us: 0.001, ms: 1, s: 1_000 }[unit as 'us' | 'ms' | 's']
  ok(rate > 0 && p99 > 0, stdout)
  return { rate, p99 }
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
