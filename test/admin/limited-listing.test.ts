/**
 * What a listing shows an operator that is limited: the devices it sees, and in its cursors no others.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { deviceAdmin, type Operator } from '../../adapters/admin/index.ts'
import { createFleet, type DeviceStore, memoryStore } from '../../src/index.ts'
import { pump, valve } from './fixture.ts'

const TENANTS = ['north', 'south', 'nor', 'Nörd"\'']

/** 24 devices of two types and four tenants, and two of none, in the order of their ids. */
async function openFleet(store: DeviceStore) {
  const fleet = createFleet({ types: [pump, valve], store, pepper: 'a pepper of 16 bytes' })
  for (const type of [pump, valve]) {
    const devices = Array.from({ length: 12 }, (_, i) => {
      const tenant = TENANTS[i % TENANTS.length]!
      return { id: `${type.name}-${10 + i}`, attributes: { tenant } }
    })
    await fleet.provisionMany(type, [...devices, { id: `${type.name}-99` }])
  }
  return fleet
}

/** All that an operator is shown: the ids, and the cursors as they are sent. */
async function listed(store: DeviceStore, operator: Operator, query: string) {
  const fleet = await openFleet(store)
  const app = new Hono().route('/', deviceAdmin(fleet, { authorize: () => operator }))
  const ids: string[] = []
  const cursors: string[] = []
  for (let next = ''; ; ) {
    const response = await app.request(`/devices?${query}${next}`)
    const body = (await response.json()) as Record<string, unknown>
    assert.equal(response.status, 200, JSON.stringify(body))
    ids.push(...(body.devices as { id: string }[]).map(({ id }) => id))
    if (body.cursor === undefined) return { ids: ids.sort(), cursors }
    cursors.push(`${body.cursor}`)
    next = `&cursor=${encodeURIComponent(`${body.cursor}`)}`
  }
}

const name = 'o'
const all = ['pump', 'valve']
const ids = (types: readonly string[], numbers: readonly number[]) =>
  types.flatMap((type) => numbers.map((number) => `${type}-${number}`))
const NORTH = [10, 14, 18]
const rows: readonly (readonly [Operator, query: string, found: readonly string[]])[] = [
  [{ name, attributes: { tenant: 'north' } }, '', ids(all, NORTH)],
  [{ name, attributes: { tenant: 'nor' } }, '', ids(all, [12, 16, 20])],
  [{ name, attributes: { tenant: 'Nörd"\'' } }, '', ids(all, [13, 17, 21])],
  [{ name, attributes: { tenant: 'north' } }, 'type=valve', ids(['valve'], NORTH)],
  [{ name, attributes: { tenant: 'north' } }, 'idPrefix=pump-1', ids(['pump'], NORTH)],
  [{ name, attributes: { tenant: 'north' }, types: ['valve'] }, '', ids(['valve'], NORTH)],
  [{ name, attributes: { tenant: 'north' }, types: ['valve', 'pump'] }, '', ids(all, NORTH)],
  [{ name, types: ['pump', 'none', 'valve', 'pump'] }, 'idPrefix=valve-1', ids(['valve'], range())],
  [{ name, types: ['pump'] }, 'type=valve', []],
  [{ name, types: [] }, '', []],
  [{ name, types: ['none'] }, '', []],
  [{ name, attributes: { tenant: 'none' } }, '', []],
  [{ name, attributes: { tenant: '' } }, '', []],
  [{ name, attributes: { '': 'north' } }, '', []],
  [{ name, attributes: { tenant: 'north', site: 'x' } }, '', []],
]

function range(): readonly number[] {
  return Array.from({ length: 10 }, (_, i) => 10 + i)
}

/** A store that keeps devices in the order of their names, and tells in its cursors where it stands. */
function openStore(): DeviceStore {
  const inner = memoryStore()
  return {
    ...inner,
    async list({ cursor, limit = 100, ...filter } = {}) {
      const { records } = await inner.list({ ...filter, limit: 1_000 })
      const names = records.map((record) => [`${record.type}/${record.id}`, record] as const)
      const left = names.filter(([each]) => cursor === undefined || each > cursor)
      const page = left.sort().slice(0, limit)
      const last = page.length < left.length ? page.at(-1)?.[0] : undefined
      return { records: page.map(([, record]) => record), ...(last && { cursor: last }) }
    },
  }
}

for (const [title, open] of [
  ['a store in memory', memoryStore],
  ['a store whose cursors tell names', openStore],
] as const) {
  describe(`over ${title}`, () => {
    for (const [operator, query, found] of rows) {
      test(`${JSON.stringify(operator)} is shown ${found.length} for "${query}"`, async () => {
        for (const limit of [1, 2, 3, 100]) {
          const shown = await listed(open(), operator, `limit=${limit}&${query}`)
          assert.deepEqual(shown.ids, [...found].sort(), `${limit} a page`)
          for (const cursor of shown.cursors) {
            for (const id of cursor.match(/(pump|valve)-\d+/g) ?? []) {
              assert.ok(found.includes(id), `${id} in ${cursor}`)
            }
          }
        }
      })
    }
  })
}

test('a store that cannot choose by attributes is not asked to show all', async () => {
  const { filters, ...rest } = memoryStore()
  const store = { ...rest, filters: filters.filter((filter) => filter !== 'attributes') }
  const fleet = await openFleet(store)
  const operators: readonly (readonly [Operator, status: number])[] = [
    [{ name }, 200],
    [{ name, types: ['pump'] }, 200],
    [{ name, attributes: { tenant: 'north' } }, 400],
  ]
  for (const [operator, status] of operators) {
    const app = new Hono().route('/', deviceAdmin(fleet, { authorize: () => operator }))
    const response = await app.request('/devices')
    assert.equal(response.status, status, JSON.stringify(operator))
    if (status === 200) continue
    const { code } = (await response.json()) as { code: string }
    assert.equal(code, 'ERR_QUERY_UNSUPPORTED')
  }
})

test('cursors that are none are refused', async () => {
  const fleet = await openFleet(memoryStore())
  const operators: readonly Operator[] = [
    { name, attributes: { tenant: 'north' } },
    { name, types: ['pump', 'valve'] },
  ]
  for (const operator of operators) {
    const app = new Hono().route('/', deviceAdmin(fleet, { authorize: () => operator }))
    for (const cursor of ['x', '[]', '[1]', '["pump",1]', '["pump","1","2"]', '{}', '""']) {
      const response = await app.request(`/devices?cursor=${encodeURIComponent(cursor)}`)
      assert.equal(response.status, 400, cursor)
    }
  }
})
