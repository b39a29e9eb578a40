/**
 * How long an edge worker takes from its start to its first answer, against a bare worker with Hono in
 * the same run: workerd is started anew each time.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { browserBundle } from '../test/support/browser-bundle.ts'
import { findWorkerd, serve } from '../test/support/serve.ts'
import { SECRET } from './http/site.ts'
import type { Effort } from './measure.ts'
import { tell } from './progress.ts'
import { grouped, median, multiple, table } from './table.ts'

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "worker", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-01-01",
);
`
const NAMES = { bare: 'bare Hono', auth: 'what EMQX asks, devices in D1' } as const
type Name = keyof typeof NAMES

/** Measures both in turns. Returns Markdown. */
export async function bench({ rounds }: Effort): Promise<string> {
  const command = findWorkerd()
  if (command === undefined) return 'Not measured: workerd has no binary for this platform.'
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-edge-'))
  try {
    const sizes = { bare: await place(folder, 'bare'), auth: await place(folder, 'auth') }
    const turns: Record<Name, number>[] = []
    // The first turn is for the system's caches.
    for (let turn = 0; turn <= rounds; turn++) {
      tell(`edge: turn ${turn} of ${rounds}`)
      const bare = await start(command, join(folder, 'bare'))
      const auth = await start(command, join(folder, 'auth'))
      if (turn > 0) turns.push({ bare, auth })
    }
    const times = (name: Name) => median(turns.map((turn) => turn[name]))
    const ratio = median(turns.map(({ bare, auth }) => auth / bare))
    const row = (name: Name, of: string) => [
      NAMES[name],
      of,
      `${times(name).toFixed(0)} ms`,
      `${grouped(sizes[name])} B`,
    ]
    return table(
      ['Worker', 'Time, in multiples of the first', 'From start to answer', 'gzip'],
      [row('bare', '1'), row('auth', multiple(ratio))],
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Puts a worker into a folder of its own. Settles with its size, in bytes with gzip. */
async function place(folder: string, name: Name): Promise<number> {
  const file = fileURLToPath(new URL(`edge/${name}.ts`, import.meta.url))
  const own = join(folder, name)
  mkdirSync(own)
  const code = await browserBundle(file, { minify: true }, (out) =>
    readFileSync(join(out, 'program.js')),
  )
  writeFileSync(join(own, 'worker.js'), code)
  writeFileSync(join(own, 'config.capnp'), CONFIG)
  return gzipSync(code, { level: 9 }).length
}

/** Milliseconds from the start of workerd to the first answer. */
async function start(command: string, folder: string): Promise<number> {
  const begin = performance.now()
  const { port, stop } = await serve(command, [
    'serve',
    join(folder, 'config.capnp'),
    '--control-fd=3',
  ])
  try {
    const response = await fetch(`http://127.0.0.1:${port}/iot/broker/emqx/acl`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' },
      body: '{"username":"hub","clientid":"hub","action":"publish","topic":"things/pump/P-1/cmd"}',
    })
    equal(await response.text(), '{"result":"allow"}')
    return performance.now() - begin
  } finally {
    await stop()
  }
}
