/**
 * The README as its reader follows it, from an empty folder, with each package manager: its programs
 * in files, its commands in a shell, the package from a registry; each prints what stands below it.
 *
 * Another reader could have something on the ports it names, so each run has ports of its own in
 * their place. Nothing else is changed, in programs, commands or what they print.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findVersion, newestNode, type Runtime, runtimes } from '../runner/runtime.ts'
import {
  type CodeBlock,
  codeBlocks,
  codeSpans,
  fileName,
  readTable,
  type Table,
} from '../support/markdown.ts'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { INSTALL_LIMIT, LIMIT, OwnPorts, ReadersMachine } from '../support/reader.ts'
import { Command, run } from '../support/shell.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

const [first, ...others] = codeBlocks(readme, 'ts') as [CodeBlock, ...CodeBlock[]]
const installing = readTable(readme, 'With', 'Install', 'Run')
const site = readTable(readme, 'With', 'Install beside them')
const commands = codeBlocks(readme, 'sh')
const settings = commands.find(({ source }) => source.startsWith('export '))!.source
const question = commands.find(({ source }) => source.startsWith('curl '))!

/** A reader. */
interface Reader {
  readonly name: string
  /** The row of the tables that the reader follows. */
  readonly row: string
  readonly runtime: Runtime
  /** What is in the folder before. */
  readonly files?: Readonly<Record<string, string>>
  /** Whether the reader's Node takes no TypeScript, so that the commands are those for tsx. */
  readonly tsx?: true
}

const [node, bun, deno] = runtimes as readonly [Runtime, Runtime, Runtime]
const isolated = { 'bunfig.toml': '[install]\nlinker = "isolated"\n' }
const readers: readonly Reader[] = [
  { name: 'npm on the newest Node', row: 'npm', runtime: newestNode },
  { name: 'npm and tsx', row: 'npm', runtime: node, tsx: true },
  { name: 'pnpm', row: 'pnpm', runtime: newestNode },
  { name: 'Bun', row: 'Bun', runtime: bun },
  { name: 'Bun with isolated packages', row: 'Bun', runtime: bun, files: isolated },
  { name: 'Deno', row: 'Deno', runtime: deno },
]

const machine = new ReadersMachine('readme')
before(() => machine.start(), { timeout: INSTALL_LIMIT })
after(() => machine.stop())

/** A command that the README names in its prose. */
function said(command: string): string {
  assert.ok(readme.includes(`\`${command}\``), `the README does not say ${command}`)
  return command
}

test('the README begins with a program and what it prints', () => {
  assert.equal(readme.indexOf('```ts'), readme.indexOf('```'), 'another block comes first')
  assert.ok(first.printed)
})

test('each of its programs has the name of a file, and each table a row for each reader', () => {
  const names = [first, ...others].map(({ source }) => fileName(source))
  assert.ok(!names.includes(undefined) && new Set(names).size === names.length, names.join())
  const rows = [...new Set(readers.map(({ row }) => row))]
  for (const table of [installing, site]) {
    assert.deepEqual(
      table.map((row) => row.With),
      rows,
    )
  }
})

for (const reader of readers) {
  const { name, row, runtime, files = {}, tsx } = reader
  const missing =
    (process.env.CI !== 'true' &&
      findVersion(runtime, root) === undefined &&
      `no ${runtime.name} here`) ||
    (row === 'Deno' && mosquittoMissing)

  describe(`with ${name}`, { skip: missing }, () => {
    const cwd = join(machine.folder, name)
    const shell = machine.shell(runtime, cwd)
    const commandsOf = (table: Table, title: string) =>
      codeSpans(table.find(({ With }) => With === row)![title]!)
    const install = (table: Table, title: string) =>
      run(commandsOf(table, title).join('\n'), shell, INSTALL_LIMIT)
    const ports = new OwnPorts(1883, 8000)
    const withPorts = (text: string) => ports.in(text)
    /** A command that runs a program, for this Node. */
    const spell = (command = '') =>
      withPorts(tsx ? command.replace(/^node\b/, said('npx tsx')) : command)
    const withSettings = (command: string) => `${settings}${command}`

    before(async () => {
      mkdirSync(cwd)
      await ports.take()
      for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, file), text)
    })

    test('the first program prints what it says', async () => {
      writeFileSync(join(cwd, fileName(first.source)!), first.source)
      await install(installing, 'Install')
      if (tsx) await run(said('npm install tsx'), shell, INSTALL_LIMIT)
      const [command] = commandsOf(installing, 'Run')
      assert.equal(await run(spell(command), shell, LIMIT), first.printed)
    })

    test('the others are installed', async () => {
      for (const { source } of others) {
        writeFileSync(join(cwd, fileName(source)!), withPorts(source))
      }
      await install(site, 'Install beside them')
    })

    test('broker, hub and device print what they say', async () => {
      // Where it is two commands, the first is a broker, which prints the first line in its own way.
      const [command, broker] = [...commandsOf(site, 'Broker, hub and a device')].reverse()
      const { printed = '' } = others.find(({ source }) => fileName(source) === 'broker.ts')!
      const expected = withPorts(broker ? printed.slice(printed.indexOf('\n') + 1) : printed)
      const beside = broker === undefined ? undefined : new Command(withPorts(broker), shell)
      await beside?.until(({ stderr }) => /running$/m.test(stderr), LIMIT)
      const running = new Command(withSettings(spell(command)), shell)
      try {
        await running.until(({ stdout }) => stdout.length >= expected.length, LIMIT)
      } finally {
        await Promise.all([running.stop(), beside?.stop()])
      }
      assert.equal(running.printed.stdout, expected)
    })

    test('the routes answer what it says', async () => {
      const server = new Command(withSettings(spell(commandsOf(site, 'Routes')[0])), shell)
      try {
        // Each says at which address it listens.
        const address = new RegExp(`:${ports.of(8000)}\\b`)
        await server.until(({ stdout, stderr }) => address.test(`${stdout}${stderr}`), LIMIT)
        const answer = await run(withSettings(withPorts(question.source)), shell, LIMIT)
        assert.equal(`${answer}\n`, question.printed) // An answer over HTTP ends no line.
      } finally {
        await server.stop()
      }
    })
  })
}
