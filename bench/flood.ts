/**
 * What a flood of wrong passwords, each of which has to be tried with a slow hash, costs the devices
 * with generated secrets: their logins during the flood against their logins before and after it.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import { login, onEachRuntime } from './http/runtimes.ts'
import { deviceId, djangoUsername, PASSWORD, SLOW_USERS } from './http/site.ts'
import type { Effort } from './measure.ts'
import { tell } from './progress.ts'
import { grouped, median, multiple, table } from './table.ts'

/**
 * Guesses per second: far more than can be tried, since each takes a tenth of a second and more of
 * two cores, but few enough for a server to answer them all.
 */
const GUESSES_PER_SECOND = 200

/** Measures every runtime. Returns Markdown. */
export async function bench({ rounds, roundTime }: Effort): Promise<AsyncIterable<string>> {
  const milliseconds = rounds * roundTime * 3
  return onEachRuntime(async (url) => {
    tell(`flood: ${((3.5 * milliseconds) / 1_000).toFixed(0)} s of logins`)
    await timeLogins(url, milliseconds / 2) // Warms up.
    const before = await timeLogins(url, milliseconds)
    const flood = startFlood(url)
    const during = await timeLogins(url, milliseconds)
    const guesses = await flood.stop()
    const after = await timeLogins(url, milliseconds)
    const quiet = median([...before, ...after])
    const rows = [
      ['quiet', `${quiet.toFixed(2)} ms`, multiple(1), grouped(before.length + after.length), '0'],
      [
        'flood',
        `${median(during).toFixed(2)} ms`,
        multiple(median(during) / quiet),
        grouped(during.length),
        grouped(guesses),
      ],
    ]
    return table(
      ['', 'Median of a login', 'In multiples of quiet', 'Logins', 'Wrong passwords answered'],
      rows,
    )
  })
}

/** Logins of devices, one after another for a while: the milliseconds each takes. */
async function timeLogins(url: string, milliseconds: number): Promise<readonly number[]> {
  const times: number[] = []
  const end = performance.now() + milliseconds
  for (let i = 0; performance.now() < end; i++) {
    const start = performance.now()
    equal(await login(url, `pump/${deviceId(i)}`, PASSWORD), 'allow')
    times.push(performance.now() - start)
  }
  return times
}

function startFlood(url: string) {
  const guesses: Promise<void>[] = []
  const guess = async (turn: number) => {
    equal(await login(url, djangoUsername(turn % SLOW_USERS), `guess ${turn}`), 'deny')
  }
  const timer = setInterval(() => {
    guesses.push(guess(guesses.length))
  }, 1_000 / GUESSES_PER_SECOND)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(guesses)
      return guesses.length
    },
  }
}
