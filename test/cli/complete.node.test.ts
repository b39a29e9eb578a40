/**
 * `devicehub complete`: what real shells make of it, at a terminal.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { deferred, within } from '../support/wait.ts'
import { type Folder, hosts, node, run, userFolder } from './command.ts'

/** Why the test of a shell is skipped, or `false`. Where `CI` is `true` it must be there. */
function missing(shell: string): string | false {
  const isThere = spawnSync(shell, ['--version'], { timeout: 30_000 }).error === undefined
  if (isThere) return false
  const why = `${shell} is not installed: apt-get install -y --no-install-recommends ${shell}`
  if (process.env.CI === 'true') throw new Error(why)
  return why
}

/** A folder where `devicehub` is a program in the path. */
function installed(): Folder & { readonly env: NodeJS.ProcessEnv } {
  const folder = userFolder({
    devicehub: `#!/bin/sh\nexec ${node.command.map((word) => `'${word}'`).join(' ')} "$@"\n`,
    'devicehub.config.ts': '',
  })
  chmodSync(join(folder.path, 'devicehub'), 0o755)
  const { NODE_TEST_CONTEXT, ...inherited } = process.env
  const PATH = `${folder.path}:${process.env.PATH}`
  const own = { PATH, TERM: 'dumb', HOME: folder.path, HISTFILE: '/dev/null' }
  return { ...folder, env: { ...inherited, ...own } }
}

/** Ctrl-U takes away what was written. */
const CLEAR = '\u0015'

/** Types at a terminal, each when what it waits for has been shown, and leaves the shell. */
async function type(
  command: string,
  env: NodeJS.ProcessEnv,
  folder: Folder,
  steps: readonly (readonly [keys: string, shown: RegExp])[],
): Promise<void> {
  // Set here, because what `script` runs the command by may take a prompt away.
  const prompted = `PS1='ready: ' ${command}`
  const child = spawn('script', ['-qfc', prompted, '/dev/null'], { cwd: folder.path, env })
  let text = ''
  let look = () => {}
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more
    look()
  })
  const ended = once(child, 'close')
  try {
    for (const [keys, shown] of steps) {
      const from = text.length
      child.stdin.write(keys)
      const seen = deferred()
      look = () => {
        if (shown.test(text.slice(from))) seen.resolve()
      }
      look()
      await within(seen.promise, `${shown} behind ${JSON.stringify(keys)}`, 60_000).catch(
        (error) => {
          throw new Error(`${error.message}:\n${text}`)
        },
      )
    }
    // What is killed leaves a shell behind, for which the folder is taken away too early.
    child.stdin.write(`${CLEAR}exit\n`)
    await within(ended, 'the end of the shell', 60_000)
  } finally {
    child.kill('SIGKILL')
  }
}

/** The script is read, and the shell reads keys again. */
const READ = /\n0-read[\s\S]*ready: /
const STEPS = [
  ['devicehub doc\t', /devicehub doctor /],
  ['--verb\t', /--verbose /],
  [`${CLEAR}devicehub store sql --dialect p\t`, /--dialect postgres /],
  [`${CLEAR}devicehub doctor --config devicehub.conf\t`, /devicehub\.config\.ts /],
] as const

test('bash', { skip: missing('bash') }, async () => {
  using folder = installed()
  const read =
    'eval "$(devicehub complete bash)"; eval "$(devicehub complete bash)"; echo $?-read\n'
  await type('bash --norc --noprofile -i', folder.env, folder, [[read, READ], ...STEPS])
})

test('zsh', { skip: missing('zsh') }, async () => {
  using folder = installed()
  const read =
    'autoload -Uz compinit; compinit -u; source <(devicehub complete zsh); echo $?-read\n'
  await type('zsh -f -i', folder.env, folder, [[read, READ], ...STEPS])
})

describe('fish', { skip: missing('fish') }, () => {
  for (const [line, expected] of [
    ['devicehub doc', /^doctor\tfind what is wrong/m],
    ['devicehub doctor --verb', /^--verbose\tprint what was looked at/m],
    ['devicehub store sql --dialect p', /^postgres$/m],
    ['devicehub doctor --config devicehub.conf', /^devicehub\.config\.ts/m],
  ] as const) {
    test(line, () => {
      using folder = installed()
      const script = `source (devicehub complete fish | psub); complete -C '${line}'`
      const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], {
        ...{ cwd: folder.path, env: folder.env },
        ...{ encoding: 'utf8', timeout: 60_000 },
      })
      assert.match(stdout, expected, stderr)
      assert.equal(stdout.trim().split('\n').length, 1, stdout)
    })
  }
})

describe('the command line', () => {
  for (const host of hosts) {
    test(`prints a script, on ${host.name}`, { skip: host.missing }, async () => {
      using folder = userFolder()
      const { code, stdout } = await run(host, folder, ['complete', 'bash'])
      assert.match(stdout, /^complete .* devicehub\n$/)
      assert.equal(code, 0)
    })
  }

  test('what bash has of the line is not evaluated, quotes and half a word included', async () => {
    using folder = userFolder()
    const ask = async (line: string, point = line.length) => {
      const env = { COMP_LINE: line, COMP_POINT: `${point}` }
      return (await run(node, folder, ['complete', 'devicehub', '--x', 'y'], env)).stdout
    }
    assert.equal(await ask("devicehub explain 'a  b' pub"), 'publish\n')
    assert.equal(await ask('devicehub explain "$(touch made)" pub'), 'publish\n')
    assert.equal(await ask('devicehub doctor --verbose', 13), 'doctor\n')
    assert.equal(await ask('devicehub nothing '), '')
  })

  test('no shell: one line, code 2', async () => {
    using folder = userFolder()
    for (const args of [['complete'], ['complete', 'tcsh'], ['complete', 'bash', 'zsh']]) {
      const { code, stdout, stderr } = await run(node, folder, args)
      assert.equal(stderr, 'devicehub: complete: name one shell: bash, zsh, fish\n')
      assert.deepEqual([code, stdout], [2, ''])
    }
  })
})
