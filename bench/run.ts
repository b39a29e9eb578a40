/**
 * Runs benches and writes their tables, in Markdown, to standard output as soon as each is known; what
 * is being done, to standard error.
 *
 * `npm run bench` runs all; `npm run bench -- decisions routing` only what is named; with `--quick`
 * they only show that they work. Needs Node, with `--expose-gc`.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import { type Effort, FULL, QUICK, resultsSum } from './measure.ts'
import { tell } from './progress.ts'
import { machine } from './table.ts'

/** Markdown: as a whole, or a part as soon as it is known. */
type Results = string | Iterable<string> | AsyncIterable<string>

/** A bench measures and returns Markdown. */
type Bench = (effort: Effort) => Results | Promise<Results>

/** All benches by name, one file for each, and the minutes within which each ends. */
const benches: Readonly<
  Record<string, readonly [minutes: number, load: () => Promise<{ readonly bench: Bench }>]>
> = {
  decisions: [3, () => import('./decisions.ts')],
  routing: [3, () => import('./routing.ts')],
  candidates: [3, () => import('./candidates.ts')],
  http: [8, () => import('./http.ts')],
  flood: [3, () => import('./flood.ts')],
  strangers: [14, () => import('./strangers.ts')],
  mqtt: [15, () => import('./mqtt.ts')],
  mosquitto: [5, () => import('./mosquitto.ts')],
  server: [6, () => import('./server.ts')],
  stores: [8, () => import('./stores.ts')],
  imports: [15, () => import('./imports.ts')],
  edge: [5, () => import('./edge.ts')],
  bundle: [2, () => import('./bundle.ts')],
}

/** Runs what the arguments name and returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => arg !== '--quick')
  const unknown = names.find((name) => !Object.hasOwn(benches, name))
  if (unknown !== undefined) {
    console.error(`No bench is named ${unknown}. There are: ${Object.keys(benches).join(', ')}`)
    return 1
  }
  if (!globalThis.gc) {
    console.error('The garbage collector is out of reach: run node with --expose-gc')
    return 1
  }
  const effort = args.includes('--quick') ? QUICK : FULL
  console.log(`${machine()}\n`)
  for (const name of names.length > 0 ? names : Object.keys(benches)) {
    const [minutes, load] = benches[name]!
    tell(`${name}: ${minutes} minutes at most`)
    const limit = setTimeout(() => giveUp(name, minutes), minutes * 60_000)
    console.log(`## ${name}\n`)
    const { bench } = await load()
    const results = await bench(effort)
    // Each part at once, so that those there are stay when the rest is interrupted.
    for await (const part of typeof results === 'string' ? [results] : results) {
      console.log(`${part}\n`)
      // What works without a pause is not to miss its limit.
      await setImmediate()
    }
    clearTimeout(limit)
  }
  // Printed, so that no result is for nothing.
  console.error(`Sum of all results: ${resultsSum()}`)
  return 0
}

/** What has results by now keeps them. */
function giveUp(name: string, minutes: number): never {
  console.error(`${name} has not ended in ${minutes} minutes: the machine has too much other work`)
  process.exit(1)
}

process.exitCode = await main(process.argv.slice(2))
