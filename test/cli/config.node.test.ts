/**
 * `devicehub config BROKER` prints what the generator makes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { brokerConfig } from '../../src/product/configuration/broker-config.ts'
import { hosts, node, run, userFolder } from './command.ts'

const { files, notes } = brokerConfig('mosquitto')

for (const host of hosts) {
  test(`prints each file under its name, and the notes apart, on ${host.name}`, {
    skip: host.missing,
  }, async () => {
    using folder = userFolder()
    const { code, stdout, stderr } = await run(host, folder, ['config', 'mosquitto'])
    const printed = files.map(({ path, text }) => `==> ${path} <==\n${text.trimEnd()}\n\n`)
    assert.equal(stdout, printed.join(''))
    assert.equal(stderr, notes.map((note) => `${note}\n`).join(''))
    assert.equal(code, 0)
  })
}

test('a broker that there is no configuration for: the known ones are named', async () => {
  using folder = userFolder()
  const { code, stdout, stderr } = await run(node, folder, ['config', 'mosquito'])
  assert.match(
    stderr,
    /^devicehub: broker: must be one of auth-plug, emqx, emqx4, go-auth, mosquitto, mosquitto-files, nanomq, rabbitmq, vernemq\n$/,
  )
  assert.deepEqual([code, stdout], [2, ''])
})

describe('--out', () => {
  const args = ['config', 'mosquitto', '--out', 'broker']

  test('writes the files as they are, and says which', async () => {
    using folder = userFolder()
    const { code, stdout } = await run(node, folder, args)
    assert.equal(stdout, files.map(({ path }) => `${join('broker', path)}\n`).join(''))
    assert.equal(code, 0)
    for (const { path, text } of files) {
      assert.equal(readFileSync(join(folder.path, 'broker', path), 'utf8'), text)
    }
  })

  test('replaces nothing without --force', async () => {
    using folder = userFolder()
    await run(node, folder, args)
    const last = files.at(-1)!.path
    folder.write(join('broker', last), 'mine')
    const { code, stdout, stderr } = await run(node, folder, args)
    assert.match(stderr, /^devicehub: [^\n]+ is there already: --force replaces it\n$/)
    assert.deepEqual([code, stdout], [1, ''])
    assert.equal(readFileSync(join(folder.path, 'broker', last), 'utf8'), 'mine')

    assert.equal((await run(node, folder, [...args, '--force'])).code, 0)
    assert.equal(readFileSync(join(folder.path, 'broker', last), 'utf8'), files.at(-1)!.text)
  })

  test('says why it cannot write', async () => {
    using folder = userFolder({ broker: 'a file' })
    const { code, stderr } = await run(node, folder, args)
    assert.match(stderr, /^devicehub: (EEXIST|ENOTDIR)[^\n]+\n$/)
    assert.equal(code, 1)
  })
})

describe('--json', () => {
  test('prints the files and the notes', async () => {
    using folder = userFolder()
    const { code, stdout, stderr } = await run(node, folder, ['config', 'mosquitto', '--json'])
    const told = JSON.parse(stdout)
    assert.deepEqual(told.files, files)
    assert.ok(told.notes.length > 0)
    assert.deepEqual([code, stderr], [0, ''])
  })

  test('is not for files that are written', async () => {
    using folder = userFolder()
    const args = ['config', 'mosquitto', '--json', '--out', 'broker']
    const { code, stderr } = await run(node, folder, args)
    assert.equal(stderr, 'devicehub: --json and --out: one of them\n')
    assert.equal(code, 2)
  })
})
