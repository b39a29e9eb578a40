/**
 * The server of the bench on Node, Bun and Deno, one after another.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'
import { endWithParent } from '../child.ts'
import { tell } from '../progress.ts'
import { SECRET } from './site.ts'

/** The path of a file in this folder. */
export const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const bin = (name: string) => here(`../../node_modules/.bin/${name}`)
/** Where packages are found. */
export const BUILT: string = here('../../node_modules/.bench')

/** The runtimes, and how each runs a program. */
export const RUNTIMES: readonly (readonly [
  name: string,
  command: string,
  args: readonly string[],
])[] = [
  ['Node', process.execPath, []],
  ['Bun', bin('bun'), []],
  ['Deno', bin('deno'), ['run', '-A']],
]

/**
 * Runs a server on each runtime, and yields one section of Markdown for each.
 *
 * @param measure Asks the server that is at a URL on a runtime of that name.
 * @param program The server, a file of TypeScript that prints its port.
 * @param programArgs What it is started with.
 */
export async function* onEachRuntime(
  measure: (url: string, runtime: string) => Promise<string>,
  program: string = here('server.ts'),
  programArgs: readonly string[] = [],
): AsyncIterable<string> {
  // Built as the package is: what runs sources on Node puts calls of its own into them.
  const entry = { server: program }
  const outExtension = () => ({ js: '.mjs' })
  await build({ entry, outDir: BUILT, outExtension, format: 'esm', config: false, silent: true })
  for (const [name, command, args] of RUNTIMES) {
    tell(name)
    const child = spawn(command, [...args, `${BUILT}/server.mjs`, ...programArgs], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const end = endWithParent(child)
    try {
      const url = `http://127.0.0.1:${await readPort(child)}`
      yield `### ${name}\n\n${await measure(url, name)}`
    } finally {
      end()
    }
  }
}

/** Logs in as EMQX does it, and tells the result. */
export async function login(url: string, username: string, password: string): Promise<string> {
  const response = await fetch(`${url}/iot/broker/emqx/auth`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
    body: JSON.stringify({ username, password, clientid: username }),
  })
  const { result } = (await response.json()) as { result: string }
  return result
}

async function readPort(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const port = /^port (\d+)$/.exec(line)?.[1]
    if (port) return Number(port)
  }
  throw new Error('The server of the bench ended before it listened')
}
