/**
 * Packages that are not there are told of, all at once.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadPackage, loadTogether } from '../../src/base/load-package.ts'
import { MissingDependencyError } from '../../src/index.ts'

const absent = (name: string, install?: string) =>
  loadPackage(name, () => import(`no-such-${name}`), install)
const denied = () =>
  loadPackage('there', () => {
    const error = new Error('Requires env access, run again with the --allow-env flag')
    error.name = 'NotCapable'
    return Promise.reject(error)
  })

async function missingOf(loading: Promise<unknown>): Promise<MissingDependencyError> {
  const error = await loading.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(error instanceof MissingDependencyError, String(error))
  assert.equal(error.code, 'ERR_DEPENDENCY_MISSING')
  return error
}

test('what is there is given', async () => {
  const { strict } = await loadPackage('assert', () => import('node:assert'))
  assert.equal(typeof strict, 'function')
  const values = await loadTogether([Promise.resolve(1), undefined, 'a'])
  assert.deepEqual(values, [1, undefined, 'a'])
})

test('one that is missing is named, with what to install', async () => {
  const error = await missingOf(absent('one', 'one@2.0.0-beta.1'))
  assert.deepEqual([error.dependencies, error.install], [['one'], ['one@2.0.0-beta.1']])
  const said = 'Cannot load the package "one": install it beside devicehub'
  assert.equal(error.message, `${said} (npm install one@2.0.0-beta.1)`)
  assert.match(String(error.cause), /no-such-one/)
})

test('all that are missing are named once, in one line, before any other error', async () => {
  const loading = [
    Promise.reject(new Error('another')),
    absent('one', 'one@2'),
    Promise.resolve(1),
    absent('two'),
    absent('two'),
  ]
  const error = await missingOf(loadTogether(loading))
  assert.deepEqual(error.dependencies, ['one', 'two'])
  const said = 'Cannot load the packages "one", "two": install them beside devicehub'
  assert.equal(error.message, `${said} (npm install one@2 two)`)
})

test('without any that is missing the first error is given', async () => {
  const [first, second] = [new Error('first'), new Error('second')]
  await assert.rejects(loadTogether([Promise.reject(first), 1, Promise.reject(second)]), first)
})

test('Deno’s advice on permissions is kept', async () => {
  const message = /: Requires env access, run again with the --allow-env flag$/
  assert.match((await missingOf(denied())).message, message)
  const both = await missingOf(loadTogether([absent('one'), denied()]))
  assert.deepEqual(both.dependencies, ['one', 'there'])
  assert.match(both.message, message)
})
