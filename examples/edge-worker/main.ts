/**
 * Bundles the edge worker and runs it in workerd, the runtime of Cloudflare Workers, until Ctrl-C:
 * `node --import tsx examples/edge-worker/main.ts`
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const folder = fileURLToPath(new URL('.', import.meta.url))
await build({
  config: false,
  entry: { worker: `${folder}worker.ts` },
  outDir: `${folder}dist`,
  outExtension: () => ({ js: '.js' }),
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  noExternal: [/./],
  silent: true,
})

const address = `--socket-addr=http=127.0.0.1:${process.env.PORT ?? 8000}`
// It tells on a pipe of its own when it listens.
const stdio = ['ignore', 'inherit', 'inherit', 'pipe'] as const
const args = ['serve', `${folder}config.capnp`, address, '--control-fd=3']
const workerd: string = createRequire(import.meta.url)('workerd').default // its path
const child = spawn(workerd, args, { stdio: [...stdio] })
createInterface(child.stdio[3] as Readable).on('line', (line) => {
  const { event, port } = JSON.parse(line)
  if (event === 'listen') console.log(`routes at http://127.0.0.1:${port}/iot/broker`)
})
child.once('exit', (code) => process.exit(code ?? 1))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal))
