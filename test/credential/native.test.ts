/**
 * What is taken of a runtime, and what of one that lacks it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, test } from 'node:test'
import { countCores, findHash, findKeyedHasher, findScrypt } from '../../src/credential/native.ts'

/** Sets a property until disposed. */
function set(object: object, name: string, value: unknown): Disposable {
  const own = Object.getOwnPropertyDescriptor(object, name)
  Object.defineProperty(object, name, { value, configurable: true, writable: true })
  return {
    [Symbol.dispose]() {
      if (own) Object.defineProperty(object, name, own)
      else Reflect.deleteProperty(object, name)
    },
  }
}

/** Has the runtime hand out these modules and no others, or none in any way. */
function withBuiltins(modules: Record<string, unknown> | undefined): Disposable {
  return set(process, 'getBuiltinModule', modules && ((name: string) => modules[name]))
}

const hash = () => ''
const scrypt = () => {}
const isDeno = 'Deno' in globalThis

describe('a hash and scrypt', () => {
  const rows: [title: string, modules: Record<string, unknown> | undefined, found: unknown[]][] = [
    ['are those of the runtime', { 'node:crypto': { hash, scrypt } }, [hash, scrypt]],
    ['are none of another module', { crypto: { hash, scrypt } }, [undefined, undefined]],
    ['may be there without each other: scrypt', { 'node:crypto': { scrypt } }, [undefined, scrypt]],
    ['may be there without each other: a hash', { 'node:crypto': { hash } }, [hash, undefined]],
    ['are functions', { 'node:crypto': { hash: 'sha256', scrypt: {} } }, [undefined, undefined]],
    ['may be missing with their module', {}, [undefined, undefined]],
    ['may be missing with all modules', undefined, [undefined, undefined]],
  ]
  for (const [title, modules, [itsHash, itsScrypt]] of rows) {
    test(title, () => {
      using _ = withBuiltins(modules)
      // Deno takes longer for it than JavaScript.
      assert.equal(findHash(), isDeno ? undefined : itsHash)
      assert.equal(findScrypt(), itsScrypt)
    })
  }

  test('are none where the runtime fails to hand them out', () => {
    using _ = set(process, 'getBuiltinModule', () => {
      throw new Error('not allowed')
    })
    assert.deepEqual([findHash(), findScrypt()], [undefined, undefined])
  })

  test('are none where there is no process', () => {
    using _ = set(globalThis, 'process', undefined)
    const found = [findHash(), findScrypt(), countCores() > 0]
    assert.deepEqual(found, [undefined, undefined, true])
  })

  test('are taken as they are on Deno, but for the hash', () => {
    using _ = set(globalThis, 'Deno', {})
    using __ = withBuiltins({ 'node:crypto': { hash, scrypt } })
    assert.deepEqual([findHash(), findScrypt()], [undefined, scrypt])
  })
})

describe('a hash with a key', () => {
  class CryptoHasher {}
  const rows: [title: string, modules: Record<string, unknown> | undefined, found: unknown][] = [
    ['is that of Bun', { bun: { CryptoHasher } }, CryptoHasher],
    ['is none of another module', { 'node:crypto': { CryptoHasher } }, undefined],
    ['may be missing', { bun: {} }, undefined],
    ['may be missing with all modules', undefined, undefined],
  ]
  for (const [title, modules, found] of rows) {
    test(title, () => {
      using _ = withBuiltins(modules)
      assert.equal(findKeyedHasher(), found)
    })
  }
})

describe('the cores', () => {
  const os = (cores: unknown) => ({ 'node:os': { availableParallelism: () => cores } })
  const rows: [title: string, navigator: unknown, modules: Record<string, unknown>, n: number][] = [
    ['are those that a navigator tells', { hardwareConcurrency: 8 }, os(4), 8],
    ['may be one', { hardwareConcurrency: 1 }, os(4), 1],
    ['are those of the system, where it tells none', {}, os(4), 4],
    ['are those of the system, where there is none', undefined, os(2), 2],
    ['are one where nobody tells', undefined, {}, 1],
    ['are one where the system cannot', undefined, { 'node:os': {} }, 1],
    ['are one where it tells none', undefined, os(0), 1],
    ['are one where it tells what is no number', undefined, os('4'), 1],
    ['are one where a navigator tells what is no number', { hardwareConcurrency: '8' }, os(4), 1],
  ]
  for (const [title, navigator, modules, n] of rows) {
    test(title, () => {
      using _ = set(globalThis, 'navigator', navigator)
      using __ = withBuiltins(modules)
      assert.equal(countCores(), n)
    })
  }
})
