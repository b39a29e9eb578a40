/**
 * The tutorial as its reader follows it, from an empty folder, with Mosquitto and with the embedded
 * broker: its files, its commands in their order, and what they print. Nothing is changed but the
 * ports, and for Mosquitto the path of its plug-in and whom it becomes where root starts it.
 *
 * A `text` block right below a command is what that one prints; any other is what the hub, or the
 * greenhouse, prints next.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findVersion, newestNode } from '../runner/runtime.ts'
import { dynsecSiteMissing } from '../support/dynsec-site.ts'
import { allBlocks, type Block, fileName } from '../support/markdown.ts'
import { plugin } from '../support/mosquitto-export.ts'
import { INSTALL_LIMIT, LIMIT, OwnPorts, ReadersMachine } from '../support/reader.ts'
import { Command, type Place, run } from '../support/shell.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tutorial = readFileSync(join(root, 'docs', 'tutorial.md'), 'utf8')
const example = join(root, 'examples', 'greenhouse')

/** The sections, each by its heading; what stands before the first one is the setup. */
const [setup = '', ...sections] = tutorial.split(/^## (?=.)/m)
const steps = sections.filter((section) => /^\d/.test(section))
const alternative = sections.find((section) => section.startsWith('Without Mosquitto'))!
const fromClone = allBlocks(alternative).at(-1)!.source.trim()

/** What goes on until it is ended. */
const LASTING = /\b(hub|main|valve)\.ts\b|^mosquitto -c/
/** What runs in the reader's first terminal, one after the other. */
const FIRST = /\b(hub|main)\.ts\b/
const MOSQUITTO = /^mosquitto(_ctrl)? /m
const EMBEDDED = 'BROKER=embedded'

const machine = new ReadersMachine('tutorial')
before(() => machine.start(), { timeout: INSTALL_LIMIT })
after(() => machine.stop())

const nodeMissing =
  process.env.CI !== 'true' &&
  findVersion(newestNode, root) === undefined &&
  `no ${newestNode.name} here`

/** The files that blocks name, with their texts. */
function filesOf(blocks: readonly Block[]): ReadonlyMap<string, string> {
  const files = blocks.map(({ language, source }) => {
    const name = language === 'sh' ? undefined : fileName(source)
    return [name, source] as const
  })
  return new Map(files.filter((file): file is [string, string] => file[0] !== undefined))
}

/** A reader in a folder. */
class Reader {
  readonly #place: Place
  readonly #broker: 'mosquitto' | 'embedded'
  readonly #ports: OwnPorts
  readonly #running: Command[] = []
  #first: Command | undefined
  /** How much of what the first terminal shows was compared. */
  #compared = 0

  constructor(place: Place, broker: 'mosquitto' | 'embedded', ports: OwnPorts) {
    this.#place = place
    this.#broker = broker
    this.#ports = ports
  }

  /** Does what stands in a section. */
  async follow(section: string): Promise<void> {
    const blocks = allBlocks(section)
    for (const [i, { language, source, follows }] of blocks.entries()) {
      const name = language === 'sh' ? undefined : fileName(source)
      const next = blocks[i + 1]
      if (name !== undefined) this.#write(name, source)
      else if (language === 'sh') {
        const printed = next?.language === 'text' && next.follows ? next.source : undefined
        await this.#enter(source.trim(), printed)
      } else if (language === 'text' && !follows) await this.#expectNext(source)
      else assert.ok(language === 'text', `a block without a name: ${source}`)
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((command) => command.stop()))
  }

  #write(name: string, source: string): void {
    let text = this.#ports.in(source)
    if (name === 'mosquitto.conf') {
      text = text.replace(/^plugin .*/m, `plugin ${plugin}`)
      if (process.getuid?.() === 0) text += 'user root\n'
    }
    writeFileSync(join(this.#place.cwd, name), text)
  }

  async #enter(line: string, printed: string | undefined): Promise<void> {
    if (this.#broker === 'embedded' && MOSQUITTO.test(line)) return
    const isFirst = FIRST.test(line)
    if (isFirst) await this.#first?.interrupt(LIMIT)
    const prefix = isFirst && this.#broker === 'embedded' ? `${EMBEDDED} ` : ''
    const command = new Command(this.#ports.in(`${prefix}${line}`), this.#place)
    this.#running.push(command)
    if (line.startsWith('mosquitto -c')) {
      await command.until(({ stderr }) => /running$/m.test(stderr), LIMIT)
      return
    }
    const expected = this.#ports.in(printed ?? '')
    if (LASTING.test(line)) {
      await command.until(({ stdout }) => stdout.length >= expected.length, LIMIT)
    } else {
      await command.finish(LIMIT)
    }
    if (isFirst) {
      this.#first = command
      this.#compared = expected.length
    }
    // An answer over HTTP ends no line.
    const { stdout } = command.printed
    if (printed !== undefined) assert.equal(`${stdout.trimEnd()}\n`, expected, line)
  }

  async #expectNext(printed: string): Promise<void> {
    const end = this.#compared + printed.length
    await this.#first!.until(({ stdout }) => stdout.length >= end, LIMIT)
    assert.equal(this.#first!.printed.stdout.slice(this.#compared), printed)
    this.#compared = end
  }
}

test('the finished greenhouse is that of the tutorial, file by file', () => {
  const written = readFileSync(join(example, '.gitignore'), 'utf8').split('\n').slice(1)
  assert.deepEqual(written, ['greenhouse.db*', '*.json', ''])
  const names = readdirSync(example).filter((name) => !/^\.|\.db|\.json$/.test(name))
  const files = filesOf(allBlocks(tutorial))
  assert.deepEqual([...files.keys()].sort(), names.sort())
  for (const [name, text] of files) {
    assert.equal(readFileSync(join(example, name), 'utf8'), text, name)
  }
})

test('every file has one text', () => {
  const names = allBlocks(tutorial).flatMap((block) => [...filesOf([block]).keys()])
  assert.deepEqual(names, [...new Set(names)])
})

for (const broker of ['mosquitto', 'embedded'] as const) {
  const skip = nodeMissing || (broker === 'mosquitto' && dynsecSiteMissing)
  describe(`with ${broker}`, { skip }, () => {
    const cwd = join(machine.folder, broker)
    const place = machine.shell(newestNode, cwd)
    const ports = new OwnPorts(1883, 1884, 8000)
    const reader = new Reader(place, broker, ports)

    before(async () => {
      mkdirSync(cwd)
      await ports.take()
    })
    after(() => reader.stop())

    test('the packages are installed', async () => {
      for (const { source } of allBlocks(setup)) await run(source, place, INSTALL_LIMIT)
    })
    for (const step of steps) test(step.split('\n')[0]!, () => reader.follow(step))
  })
}

test('in a clone it is run by one command, and ended by Ctrl-C', {
  skip: nodeMissing,
}, async () => {
  const ports = new OwnPorts(1883, 1884, 8000)
  await ports.take()
  // Below the tests, so that the package is found by its name.
  const folder = mkdtempSync(join(root, 'test', '.programs-'))
  for (const [name, text] of filesOf(allBlocks(tutorial))) {
    writeFileSync(join(folder, name), ports.in(text))
  }
  assert.ok(fromClone.startsWith(`${EMBEDDED} `), fromClone)
  const line = fromClone.replaceAll('examples/greenhouse', folder)
  const command = new Command(line, machine.shell(newestNode, root))
  try {
    await command.until(({ stdout }) => stdout.includes(`:${ports.of(8000)}\n`), LIMIT)
    await command.interrupt(LIMIT)
    assert.equal(command.printed.stderr, '')
  } finally {
    await command.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
