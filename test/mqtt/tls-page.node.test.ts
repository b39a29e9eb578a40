/**
 * The trial on docs/tls.md, with the page's own commands and files; only the port is another one.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { deferred, within } from '../support/wait.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/tls.md'), 'utf8')

/** The first block of a language after some words. */
function block(language: string, after: string): string {
  const rest = page.slice(page.indexOf(after))
  const [, content] = rest.match(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'm')) ?? []
  assert.ok(content, `the page has a ${language} block after "${after}"`)
  return content
}

function run(command: string, options: { readonly cwd: string }): string {
  const result = spawnSync('sh', ['-c', command], { ...options, encoding: 'utf8', timeout: 30_000 })
  assert.equal(result.status, 0, result.stderr)
  return result.stdout
}

test('the trial of the page works as written', { skip: mosquittoMissing }, async () => {
  // Below the tests, so that the entry point is found by its name.
  const folder = mkdtempSync(join(root, 'test', '.programs-'))
  const certificates = join(folder, 'certificates')
  const port = await freePort()
  run(block('sh', '## Try it').replace(/certificates\n$/, certificates), { cwd: root })
  const listener = block('conf', '## Try it')
    .replaceAll(' certificates/', ` ${certificates}/`)
    .split('\n')
    .filter((line) => /^(cert|key|ca)file |^require_|^use_/.test(line))
  // Beside the plain listener of the support module, which lets nobody in.
  const config = [`listener ${port} 127.0.0.1`, ...listener]
  const mosquitto = await startMosquitto({ logins: {}, config })
  try {
    const program = block('ts', '`listen.ts`')
      .replace(':8883', `:${port}`)
      .replaceAll("'certificates/", `'${certificates}/`)
    writeFileSync(join(folder, 'listen.ts'), program)
    const child = spawn(process.execPath, ['--import=tsx', join(folder, 'listen.ts')], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const listening = deferred()
    const ended = deferred<number | null>()
    let output = ''
    child.once('close', ended.resolve)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.includes('listening\n')) listening.resolve()
    })
    try {
      await within(listening.promise, 'listening program', 30_000)
      run(block('sh', 'And a message').replace('8883', `${port}`), { cwd: folder })
      assert.equal(await within(ended.promise, 'end of the program', 10_000), 0)
    } finally {
      child.kill('SIGKILL')
    }
    assert.equal(output, 'listening\nthings/pump/P-1/data {"rpm":1450}\n')
  } finally {
    await mosquitto.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
