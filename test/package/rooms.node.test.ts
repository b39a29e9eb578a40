/**
 * The core is a house: each folder knows those below it, and no files know each other in a circle.
 * Imports of types alone, and those made while running, count as well.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  drawnArrows,
  homelessFolders,
  importCircles,
  readSources,
  type Sources,
  upwardImports,
} from './rooms.ts'

const sources: Sources = readSources('src')

describe('the rooms of the core', () => {
  test('every folder stands on a floor', () => assert.deepEqual(homelessFolders(sources), []))
  test('no import points up', () => assert.deepEqual(upwardImports(sources), []))
  test('no files import each other in a circle', () => assert.deepEqual(importCircles(sources), []))
})

describe('what would break them is found', () => {
  const file = 'src/topic/filter.ts'
  const planted = (line: string): Sources => ({ ...sources, [file]: `${sources[file]}\n${line}\n` })

  for (const [name, line, target] of [
    ['an import', `import { decide } from '../rule/compile.ts'`, 'src/rule/compile.ts'],
    ['one of types', `import type { Hub } from '../hub/hub.ts'`, 'src/hub/hub.ts'],
    ['a type alone', `type T = import('../device/type.ts').DeviceType`, 'src/device/type.ts'],
    ['one made while running', `void import('../fleet/fleet.ts')`, 'src/fleet/fleet.ts'],
    ['an export', `export * from '../index.ts'`, 'src/index.ts'],
  ] as const) {
    test(`${name} that points up`, () => {
      assert.deepEqual(upwardImports(planted(line)), [`${file} -> ${target}`])
    })
  }

  for (const [name, line] of [
    ['of two files', `import './relation.ts'`],
    ['by types alone', `import type { FilterTree } from './tree.ts'`],
    ['made while running', `void import('./template.ts')`],
    ['of a file with itself', `import './filter.ts'`],
  ] as const) {
    test(`a circle ${name}`, () => {
      const [circle, ...others] = importCircles(planted(line))
      assert.ok(circle?.includes(file))
      assert.deepEqual(others, [])
    })
  }

  test('a circle of three files is one', () => {
    const three: Sources = {
      'src/base/a.ts': `import './b.ts'`,
      'src/base/b.ts': `import './c.ts'`,
      'src/base/c.ts': `import './a.ts'\nimport './d.ts'`,
      'src/base/d.ts': '',
    }
    const circle = ['src/base/a.ts', 'src/base/b.ts', 'src/base/c.ts']
    assert.deepEqual(importCircles(three), [circle])
    assert.deepEqual(upwardImports(three), [])
  })

  test('a drawing has the arrows between rooms that no longer way makes needless', () => {
    const four: Sources = {
      'src/index.ts': `import './hub/a.ts'`,
      'src/hub/a.ts': `import './b.ts'\nimport '../topic/a.ts'\nimport '../base/a.ts'`,
      'src/hub/b.ts': `import type { T } from '../rule/a.ts'`,
      'src/rule/a.ts': `import '../base/a.ts'`,
      'src/topic/a.ts': '',
      'src/base/a.ts': '',
      'adapters/cli/a.ts': `import '../../src/hub/a.ts'\nvoid import('../mqtt/a.ts')`,
      'adapters/mqtt/a.ts': `import '../../src/base/a.ts'\nimport 'mqtt'`,
    }
    assert.deepEqual(drawnArrows(four), [
      'cli --> hub',
      'cli --> mqtt',
      'hub --> rule',
      'hub --> topic',
      'mqtt --> base',
      'rule --> base',
    ])
  })

  test('a folder without a floor', () => {
    assert.deepEqual(homelessFolders({ ...sources, 'src/attic/box.ts': '' }), ['attic'])
  })
})
