/**
 * The embedded broker refuses, by name, where it would not work.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const adapter = new URL('../../adapters/embedded/index.ts', import.meta.url).href

/** Starts a broker of no fleet, which is asked nothing before the runtime is looked at. */
const SCRIPT = `
  const { embeddedBroker } = await import(${JSON.stringify(adapter)})
  try {
    await embeddedBroker()
  } catch ({ name, code, runtime, message }) {
    console.log(JSON.stringify({ name, code, runtime, message }))
  }`

function refusal(command: string, ...args: string[]): Record<string, string> {
  const options = { cwd: root, encoding: 'utf8', timeout: 60_000, input: '' } as const
  const { stdout, stderr } = spawnSync(command, args, options)
  assert.match(stdout, /^\{.*\}\n$/, stderr)
  return JSON.parse(stdout)
}

function refusalOnNode(disguise: string): Record<string, string> {
  const script = `${disguise}\n${SCRIPT}`
  const tsx = import.meta.resolve('tsx')
  return refusal('node', `--import=${tsx}`, '--input-type=module', '--eval', script)
}

describe('the embedded broker refuses to start', () => {
  test('in a Cloudflare worker, which has a process as Node has', () => {
    const navigator = `{ value: { userAgent: 'Cloudflare-Workers' } }`
    const error = refusalOnNode(`Object.defineProperty(globalThis, 'navigator', ${navigator})`)
    assert.deepEqual([error.code, error.runtime], ['ERR_RUNTIME_UNSUPPORTED', 'Cloudflare Workers'])
  })

  test('in a browser, which has none', () => {
    // The loader of the modules needs the real one until they are there.
    const disguise = `
      await import(${JSON.stringify(adapter)})
      console.log = ((log) => (text) => log(text))(console.log)
      Object.defineProperty(globalThis, 'process', { value: undefined })`
    const error = refusalOnNode(disguise)
    assert.deepEqual([error.code, error.runtime], ['ERR_RUNTIME_UNSUPPORTED', 'this runtime'])
  })
})
