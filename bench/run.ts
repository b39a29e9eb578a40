/**
 * Runs benches and writes their tables, in Markdown, to standard output as soon as each is known; what
 * is being done, to standard error.
 *
 * `npm run bench` runs all; `npm run bench -- decisions routing` only what is named; with `--quick`
 * they only show that they work. Needs Node, with `--expose-gc`.
 *
 * @module
 */
import { type Effort, FULL, QUICK, resultsSum } from './measure.ts'
import { tell } from './progress.ts'
import { machine } from './table.ts'

/** Markdown: as a whole, or a part as soon as it is known. */
type Results = string | AsyncIterable<string>

/** A bench measures and returns Markdown. */
type Bench = (effort: Effort) => Results | Promise<Results>

/** All benches by name: one file and one line for each. */
const benches: Readonly<Record<string, () => Promise<{ readonly bench: Bench }>>> = {
  decisions: () => import('./decisions.ts'),
  routing: () => import('./routing.ts'),
  candidates: () => import('./candidates.ts'),
  http: () => import('./http.ts'),
  flood: () => import('./flood.ts'),
  strangers: () => import('./strangers.ts'),
  mqtt: () => import('./mqtt.ts'),
  mosquitto: () => import('./mosquitto.ts'),
  bundle: () => import('./bundle.ts'),
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
    const { bench } = await benches[name]!()
    tell(name)
    console.log(`## ${name}\n`)
    const results = await bench(effort)
    // Each part at once, so that those there are stay when the rest is interrupted.
    for await (const part of typeof results === 'string' ? [results] : results) {
      console.log(`${part}\n`)
    }
  }
  // Printed, so that no result is for nothing.
  console.error(`Sum of all results: ${resultsSum()}`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
