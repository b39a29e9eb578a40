/**
 * The MQTT adapter under the permissions of Deno: what it needs, and how it tells what is missing.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findVersion, runtimes } from '../runner/runtime.ts'
import { scriptedBroker } from './scripted-broker.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const adapter = new URL('../../adapters/mqtt/index.ts', import.meta.url).href
const deno = runtimes.find(({ name }) => name === 'Deno')!
const missing = findVersion(deno, root) === undefined && 'Deno is not installed: npm ci'

/** Connects, publishes, and prints what came of it. */
const SCRIPT = `
  const { mqtt } = await import(${JSON.stringify(adapter)})
  const [url] = Deno.args
  const broker = mqtt({ url })
  try {
    await broker.connect({ onMessage() {} })
    await broker.publish({ topic: 'a', payload: new Uint8Array(1) })
    console.log(JSON.stringify({ name: 'none' }))
  } catch ({ name, code, message }) {
    console.log(JSON.stringify({ name, code, message }))
  }
  await broker.close()`

async function run(url: string, ...permissions: string[]): Promise<Record<string, string>> {
  const args = ['run', '--no-check', '--no-lock', '--no-prompt', '--ext=ts', ...permissions]
  const child = spawn(deno.command, [...args, '-', url], { cwd: root, timeout: 60_000 })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  }
  child.stdin.end(SCRIPT)
  await once(child, 'close')
  assert.match(output.stdout, /^\{.*\}\n$/, output.stderr)
  return JSON.parse(output.stdout)
}

describe('on Deno', { skip: missing }, () => {
  test('the address of the broker and the environment are all that is needed', async () => {
    await using server = await scriptedBroker()
    const { host } = new URL(server.url)
    const outcome = await run(server.url, `--allow-net=${host}`, '--allow-env')
    assert.deepEqual(outcome, { name: 'none' })
  })

  test('an address that is not allowed is unreachable, and the permission is named', async () => {
    await using server = await scriptedBroker()
    const { code, message } = await run(server.url, '--allow-net=127.0.0.1:1', '--allow-env')
    assert.equal(code, 'ERR_BROKER_UNREACHABLE')
    assert.match(message!, /--allow-net/)
  })

  test('an environment that is not allowed is told as that, by the permission', async () => {
    await using server = await scriptedBroker()
    const { message } = await run(server.url, '--allow-net')
    assert.match(message!, /--allow-env/)
  })
})
