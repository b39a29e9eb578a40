/**
 * The routes on each runtime, by the commands of docs/edge.md, as a person runs and asks them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findVersion, runtimes } from '../runner/runtime.ts'
import { codeBlocks } from '../support/markdown.ts'
import { LIMIT, OwnPorts } from '../support/reader.ts'
import { findWorkerd } from '../support/serve.ts'
import { Command, run } from '../support/shell.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(`${root}/docs/edge.md`, 'utf8')
const [settings, ...blocks] = codeBlocks(page.slice(page.indexOf('## See it run')), 'sh')
const question = blocks.pop()!
const isThere = (name: string) => {
  const runtime = runtimes.find((each) => each.name === name)
  return runtime ? findVersion(runtime, root) !== undefined : findWorkerd() !== undefined
}

const ALLOW = question.printed!.trimEnd() // An answer over HTTP ends no line.
const DENY = '{"result":"deny"}'

/** The question of the page with a change, and its answer: denials as many as grants. */
const QUESTIONS: readonly (readonly [title: string, from: string, to: string, answer: string])[] = [
  ['a command to a pump', '', '', ALLOW],
  ['a command to another one', 'P-1', 'P-2', ALLOW],
  ['what no device listens to', 'things/pump/P-1/cmd', 'elsewhere', DENY],
  ['with another secret', '$BROKER_SECRET', 'secret-9876543210', DENY],
]

test('there is a command for each runtime', () => {
  assert.deepEqual(
    blocks.map(({ source }) => /examples\/([\w-]+)\//.exec(source)?.[1]),
    ['node', 'bun', 'deno', 'edge-worker'],
  )
})

for (const [i, name] of ['Node', 'Bun', 'Deno', 'workerd'].entries()) {
  const skip = process.env.CI !== 'true' && !isThere(name) && `${name} is not installed: npm ci`

  describe(`the routes on ${name}`, { skip }, () => {
    const ports = new OwnPorts(8000)
    let server: Command
    const enter = (line: string) => {
      const text = `${settings!.source}export PORT=8000\n${line}`
      return [ports.in(text), { cwd: root, env: process.env }] as const
    }

    before(async () => {
      await ports.take()
      server = new Command(...enter(blocks[i]!.source))
      const address = new RegExp(`:${ports.of(8000)}\\b`)
      await server.until(({ stdout, stderr }) => address.test(`${stdout}${stderr}`), LIMIT)
    })
    after(() => server?.stop())

    for (const [title, from, to, answer] of QUESTIONS) {
      test(title, async () => {
        assert.ok(question.source.includes(from))
        const asked = await run(...enter(question.source.replace(from, to)), LIMIT)
        assert.equal(asked, answer)
      })
    }
  })
}
