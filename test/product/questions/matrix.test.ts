/**
 * The table of who asks for what holds for every product, in every way in which it asks.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ASKING } from '../../support/products.ts'
import type { Told } from './dialect.ts'
import { EXCHANGES } from './index.ts'
import { accesses, LOGINS, OLD, PUMP, STATION, SUPERUSERS } from './matrix.ts'
import { matrixRows, rowsOf } from './rows.ts'

const TOLD: readonly Told[] = ['clientId', 'qos', 'retain', 'share']

test('every product that asks is here', () => {
  const names = ASKING.map(({ name }) => name)
  assert.deepEqual(Object.keys(EXCHANGES).toSorted(), names.toSorted())
})

for (const { name, facts, secretIn } of ASKING) {
  const { dialects, oddities } = EXCHANGES[name]!
  describe(name, () => {
    test('tells what its facts say, and has the secret where they say', () => {
      for (const dialect of dialects) {
        const told = TOLD.filter((one) => facts[one] === true)
        assert.deepEqual(dialect.tells.toSorted(), told)
        assert.equal(dialect.secretIn, secretIn)
      }
    })

    test('is asked every case in every dialect, and once', () => {
      const titles = rowsOf({ dialects, oddities }).map(({ title }) => title)
      assert.deepEqual(
        titles.filter((title, i) => titles.indexOf(title) !== i),
        [],
      )
      for (const dialect of dialects) {
        const end = dialect.variant === undefined ? '' : `, ${dialect.variant}`
        const actions: readonly string[] = ['publish', 'subscribe', ...(dialect.asksAbout ?? [])]
        const cases = [
          ...LOGINS,
          ...(dialect.superuser ? SUPERUSERS : []),
          ...accesses({ device: STATION, pump: PUMP }).filter(([, , one]) => actions.includes(one)),
        ]
        for (const [title] of cases) assert.ok(titles.includes(`${title}${end}`), title)
      }
    })

    test('says no in at least as many cases as yes', () => {
      for (const dialect of dialects) {
        const rows = matrixRows(dialect)
        const { body, status } = dialect.deny
        const isDenied = ({ answer }: (typeof rows)[number]) =>
          answer.status === 404 || (answer.body === body && answer.status === status)
        const denied = rows.filter(isDenied)
        assert.ok(rows.length - denied.length > 20)
        assert.ok(denied.length >= rows.length - denied.length)
      }
    })
  })
}

test('a grant of each kind is there, for a device with a user name from elsewhere too', () => {
  for (const device of [STATION, OLD]) {
    const cases = accesses({ device, pump: device === OLD ? OLD : PUMP })
    for (const action of ['publish', 'subscribe', 'deliver']) {
      assert.ok(cases.some(([, effect, one]) => effect === 'allow' && one === action))
    }
    for (const needs of TOLD) {
      const effects = new Set(cases.filter((one) => one[4]?.needs === needs).map(([, e]) => e))
      assert.equal(effects.size, 2, `${needs} grants and denies`)
    }
  }
})

test('an exception that is none of the cases is an error', () => {
  const [dialect] = EXCHANGES.nanomq!.dialects
  const except = { 'a case there is not': { reason: 'none', answer: dialect!.deny } }
  assert.throws(() => matrixRows({ ...dialect!, except }), /no case a case there is not/)
})
