/**
 * The audit trail: what is on it, who sees it, and what holds where it cannot be written.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFleet, type DeviceStore, memoryStore, type TrailEntry } from '../../src/index.ts'
import { type Answer, openSite, pump, type Site, valve } from './fixture.ts'

const PEPPER = 'a pepper of more than 16 bytes'

const entriesOf = ({ body }: Answer) => body.entries as readonly TrailEntry[]
const lineOf = ({ operator, action, device, result }: TrailEntry) =>
  `${operator} ${action} ${device ? `${device.type}/${device.id}` : '-'} ${result}`

async function trailOf(site: Site, query = ''): Promise<readonly string[]> {
  return entriesOf(await site.ask('admin', 'GET', `/audit${query}`)).map(lineOf)
}

describe('on the trail', () => {
  test('is each deed, and each request that was refused, and no looking', async () => {
    await using site = await openSite()
    const at = '/devices/pump/P-1'
    const made = await site.ask('admin', 'POST', '/devices/pump', { id: 'P-1' })
    const rotated = await site.ask('admin', 'POST', `${at}/rotate`, { overlap: 60 })
    await site.ask('reader', 'GET', at)
    await site.ask('reader', 'POST', `${at}/revoke`)
    await site.ask('north', 'GET', at)
    await site.ask('admin', 'POST', `${at}/retire`, { credentialId: 'c' })
    await site.ask('admin', 'POST', '/devices/pump', { id: 'P-1' })
    await site.ask('admin', 'POST', '/devices/pump', { id: 'a/b' })
    await site.ask('admin', 'GET', '/devices/pump/a%00b')
    await site.ask('admin', 'DELETE', at)
    assert.deepEqual((await trailOf(site)).toReversed(), [
      'admin provision pump/P-1 done',
      'admin rotate pump/P-1 done',
      'reader revoke - operator-limited',
      'north show pump/P-1 ERR_DEVICE_UNKNOWN',
      'admin retire pump/P-1 ERR_CREDENTIAL_UNKNOWN',
      'admin provision pump/P-1 ERR_DEVICE_EXISTS',
      'admin provision - ERR_NAME_INVALID',
      'admin show - ERR_DEVICE_UNKNOWN',
      'admin delete pump/P-1 done',
    ])
    const text = JSON.stringify(await site.fleet.store.trail!.list())
    for (const { body } of [made, rotated]) assert.ok(!text.includes(`${body.password}`))
  })

  test('is each device of many by itself', async () => {
    await using site = await openSite()
    await site.fleet.provision(pump, 'there')
    const devices = [{ id: 'P-1' }, { id: 'there' }, { id: 'a/b' }, null, { id: 'P-2', typo: 1 }]
    await site.ask('admin', 'POST', '/devices/pump/many', { devices })
    const lines = [
      'admin provision pump/P-1 done',
      'admin provision pump/there ERR_DEVICE_EXISTS',
      'admin provision - ERR_NAME_INVALID',
      'admin provision - ERR_CONFIG',
      'admin provision pump/P-2 ERR_CONFIG',
    ]
    assert.deepEqual((await trailOf(site)).toReversed(), lines)
    assert.deepEqual(
      site.trail.map(({ device, result }) => [device?.id, result]),
      [
        ['P-1', 'done'],
        ['there', 'ERR_DEVICE_EXISTS'],
        [undefined, 'ERR_NAME_INVALID'],
        [undefined, 'ERR_CONFIG'],
        ['P-2', 'ERR_CONFIG'],
      ],
    )
  })

  test('is a deed before it is done, so that one that was cut off shows', async () => {
    await using site = await openSite()
    await site.fleet.provision(pump, 'P-1')
    let during: readonly string[] = []
    site.fleet.onChange('witness', async () => {
      during = await trailOf(site)
    })
    await site.ask('admin', 'POST', '/devices/pump/P-1/revoke')
    assert.deepEqual(during, ['admin revoke pump/P-1 begun'])
    assert.deepEqual(await trailOf(site), ['admin revoke pump/P-1 done'])
  })

  test('is nothing of whoever is not let in', async () => {
    await using site = await openSite()
    for (const operator of [undefined, 'nobody']) {
      await site.ask(operator, 'POST', '/devices/pump', { id: 'P-1' })
    }
    assert.deepEqual(await trailOf(site), [])
    assert.equal(site.trail.length, 2)
  })
})

describe('the trail is read', () => {
  test('a page at a time, narrowed by device, operator, deed and time', async () => {
    await using site = await openSite()
    for (const id of ['P-1', 'P-2', 'P-3']) {
      await site.ask('admin', 'POST', '/devices/pump', { id })
    }
    await site.ask('valves', 'POST', '/devices/valve', { id: 'P-1' })
    await site.ask('admin', 'POST', '/devices/pump/P-2/revoke')
    const rows: readonly (readonly [query: string, lines: readonly string[]])[] = [
      ['type=pump&id=P-1', ['admin provision pump/P-1 done']],
      ['id=P-1', ['valves provision valve/P-1 done', 'admin provision pump/P-1 done']],
      ['operator=valves', ['valves provision valve/P-1 done']],
      ['action=revoke', ['admin revoke pump/P-2 done']],
      ['action=rotate', []],
      ['from=4000000000000', []],
      ['until=1000', []],
      ['from=1000&until=4000000000000&action=revoke', ['admin revoke pump/P-2 done']],
    ]
    for (const [query, lines] of rows) assert.deepEqual(await trailOf(site, `?${query}`), lines)
    const paged: string[] = []
    for (let cursor = ''; ; ) {
      const answer = await site.ask('admin', 'GET', `/audit?limit=2${cursor}`)
      paged.push(...entriesOf(answer).map(lineOf))
      if (answer.body.cursor === undefined) break
      cursor = `&cursor=${answer.body.cursor}`
    }
    assert.deepEqual(paged, await trailOf(site))
    assert.equal(paged.length, 5)
  })

  for (const query of ['limit=0', 'limit=1001', 'cursor=x', 'from=soon', 'typo=1', 'id=a&id=b']) {
    test(`not by ${query}`, async () => {
      await using site = await openSite()
      const { status } = await site.ask('admin', 'GET', `/audit?${query}`)
      assert.equal(status, 400)
    })
  }

  test('by an operator as far as it sees the devices, as they were then', async () => {
    await using site = await openSite()
    const north = { attributes: { tenant: 'north' } }
    for (const [id, settings] of [
      ['n', north],
      ['s', { attributes: { tenant: 'south' } }],
      ['o', {}],
    ] as const) {
      await site.ask('admin', 'POST', '/devices/pump', { id, ...settings })
      await site.ask('admin', 'POST', '/devices/valve', { id, ...settings })
    }
    await site.ask('north', 'POST', '/devices/pump/s/revoke')
    await site.ask('admin', 'PATCH', '/devices/pump/n', { attributes: { tenant: 'south' } })
    await site.ask('admin', 'DELETE', '/devices/pump/n')
    await site.ask('admin', 'DELETE', '/devices/valve/n')
    const seen = async (operator: string) =>
      entriesOf(await site.ask(operator, 'GET', '/audit'))
        .map(lineOf)
        .toReversed()
    assert.deepEqual(await seen('north'), [
      'admin provision pump/n done',
      'admin provision valve/n done',
      'admin update pump/n done',
      // It was another's when it was deleted.
      'admin delete valve/n done',
    ])
    assert.deepEqual(await seen('valves'), [
      'admin provision valve/n done',
      'admin provision valve/s done',
      'admin provision valve/o done',
      'admin delete valve/n done',
    ])
    assert.equal((await seen('reader')).length, 10)
  })

  test('at no route where the store keeps none', async () => {
    const { trail: _, ...store } = memoryStore()
    await using site = await openSite({ fleet: fleetOn(store) })
    assert.equal((await site.ask('admin', 'POST', '/devices/pump', { id: 'P-1' })).status, 200)
    const { status, body } = await site.ask('admin', 'GET', '/audit')
    assert.deepEqual([status, body.code], [404, 'route-unknown'])
  })
})

describe('where the trail cannot be written', () => {
  /** A store whose trail fails from its n-th write on. */
  function failing(from: number): DeviceStore {
    const store = memoryStore()
    let writes = 0
    const trail: DeviceStore['trail'] = {
      list: (query) => store.trail!.list(query),
      async write(entries) {
        if (++writes >= from) throw new Error('disk is full')
        return store.trail!.write(entries)
      },
    }
    return { ...store, trail }
  }

  test('nothing is done', async () => {
    const store = failing(1)
    await using site = await openSite({ fleet: fleetOn(store) })
    await site.fleet.provision(pump, 'P-1')
    const before = await site.fleet.list()
    const at = '/devices/pump/P-1'
    const deeds: readonly (readonly [string, string, unknown?])[] = [
      ['POST', '/devices/pump', { id: 'P-2' }],
      ['POST', '/devices/pump/many', { devices: [{ id: 'P-2' }] }],
      ['PATCH', at, { rules: [] }],
      ['POST', `${at}/rotate`],
      ['POST', `${at}/revoke`],
      ['POST', `${at}/restore`],
      ['DELETE', at],
    ]
    for (const [method, path, body] of deeds) {
      const answer = await site.ask('admin', method, path, body)
      assert.deepEqual([answer.status, answer.body.code], [503, 'trail-failed'], path)
    }
    assert.deepEqual(await site.fleet.list(), before)
    assert.equal((await site.ask('admin', 'GET', at)).status, 200)
    const [line = ''] = site.lines
    assert.match(
      line,
      /^The audit trail could not be written: Error: disk is full: admin provision/,
    )
    assert.ok(site.trail.every(({ result }) => result === 'trail-failed'))
  })

  test('after the deed, it stands and is answered, and the log and the trail say so', async () => {
    await using site = await openSite({ fleet: fleetOn(failing(2)) })
    const { status, body } = await site.ask('admin', 'POST', '/devices/pump', { id: 'P-1' })
    assert.equal(status, 200)
    const login = { username: 'pump/P-1', password: `${body.password}`, clientId: 'pump/P-1' }
    assert.equal((await site.fleet.authenticate(login)).effect, 'allow')
    assert.deepEqual(site.lines, [
      'The audit trail could not be written: Error: disk is full: admin provision pump/P-1 done',
    ])
    assert.deepEqual(await trailOf(site), ['admin provision pump/P-1 begun'])
  })
})

function fleetOn(store: DeviceStore) {
  return createFleet({ types: [pump, valve], store, pepper: PEPPER })
}
