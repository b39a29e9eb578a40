/**
 * The operator's routes: what each does, what is answered, and what the audit trail has of it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openSite, pump, valve } from './fixture.ts'

describe('a device', () => {
  test('is put on record, and logs in with what is answered', async () => {
    await using site = await openSite()
    const { status, body } = await site.ask('admin', 'POST', '/devices/pump', {
      id: 'P-1',
      attributes: { tenant: 'north' },
    })
    assert.equal(status, 200)
    const { username, password } = body as { username: string; password: string }
    const login = { username, password, clientId: username }
    assert.equal((await site.fleet.authenticate(login)).effect, 'allow')
    const { at, ...entry } = site.trail[0]!
    assert.ok(Math.abs(at - Date.now()) < 60_000)
    assert.deepEqual(entry, {
      operator: 'admin',
      action: 'provision',
      device: { type: 'pump', id: 'P-1' },
      result: 'done',
    })
    assert.ok(!JSON.stringify(site.trail).includes(password))
  })

  test('is shown with its state, and never with what its password could be found by', async () => {
    await using site = await openSite()
    const { password } = await site.fleet.provision(pump, 'P-1')
    const lastHeard = Date.now()
    await site.fleet.store.states!.write([{ type: 'pump', id: 'P-1', lastHeard }], lastHeard)
    const record = (await site.fleet.store.get('pump', 'P-1'))!
    const lastLogin = { at: lastHeard + 1, credentialId: record.credentials[0]!.id }
    await site.fleet.store.states!.writeLogins(
      [{ type: 'pump', id: 'P-1', ...lastLogin }],
      lastHeard,
    )
    const { status, body } = await site.ask('reader', 'GET', '/devices/pump/P-1')
    assert.equal(status, 200)
    const { hash, ...credential } = record.credentials[0]!
    assert.deepEqual(body, {
      ...record,
      credentials: [
        { ...credential, format: 'dh-hmac-sha256', pepper: 'first', lastUsed: lastLogin.at },
      ],
      state: { lastHeard, lastLogin },
    })
    const text = JSON.stringify(body)
    assert.ok(!text.includes(password) && !text.includes(hash.slice(-20)))
    // Looking is no deed.
    assert.deepEqual(site.trail, [])
  })

  test('goes through its life', async () => {
    await using site = await openSite()
    const at = '/devices/pump/P-1'
    const posted = await site.ask('admin', 'POST', '/devices/pump', { id: 'P-1' })
    const may = async (password: unknown) =>
      (await site.fleet.authenticate({ username: 'pump/P-1', password: `${password}` })).effect
    const first = posted.body.password
    const rotated = await site.ask('admin', 'POST', `${at}/rotate`, { overlap: 60 })
    const second = rotated.body.password
    assert.deepEqual([await may(first), await may(second)], ['allow', 'allow'])
    const shown = await site.ask('admin', 'GET', at)
    const [{ id: credentialId }] = shown.body.credentials as [{ id: string }]
    assert.equal((await site.ask('admin', 'POST', `${at}/retire`, { credentialId })).status, 200)
    assert.deepEqual([await may(first), await may(second)], ['deny', 'allow'])
    const rules = [{ effect: 'allow', actions: ['publish'], filter: 'x/#' }]
    assert.equal((await site.ask('admin', 'PATCH', at, { rules })).status, 200)
    assert.deepEqual((await site.ask('admin', 'GET', at)).body.rules, rules)
    const revoked = await site.ask('admin', 'POST', `${at}/revoke`)
    assert.equal(revoked.body.kind, 'revoked')
    assert.equal(await may(second), 'deny')
    assert.equal((await site.ask('admin', 'POST', `${at}/restore`)).status, 200)
    assert.equal(await may(second), 'allow')
    assert.equal((await site.ask('admin', 'DELETE', at)).body.kind, 'removed')
    const gone = await site.ask('admin', 'GET', at)
    assert.deepEqual([gone.status, gone.body.code], [404, 'ERR_DEVICE_UNKNOWN'])
    assert.deepEqual(
      site.trail.map(({ action, result }) => `${action} ${result}`),
      [
        'provision done',
        'rotate done',
        'retire done',
        'update done',
        'revoke done',
        'restore done',
        'delete done',
        'show ERR_DEVICE_UNKNOWN',
      ],
    )
  })

  test('comes among many, each with its outcome', async () => {
    await using site = await openSite()
    await site.fleet.provision(pump, 'there')
    const { status, body } = await site.ask('admin', 'POST', '/devices/pump/many', {
      devices: [{ id: 'P-1' }, { id: 'there' }, { id: 'a/b' }, null, { id: 'P-2', typo: 1 }],
    })
    assert.equal(status, 200)
    const outcomes = body.outcomes as { id: string; device?: object; error?: { code: string } }[]
    assert.deepEqual(
      outcomes.map(({ id, device, error }) => [id, device !== undefined, error?.code]),
      [
        ['P-1', true, undefined],
        ['there', false, 'ERR_DEVICE_EXISTS'],
        ['a/b', false, 'ERR_NAME_INVALID'],
        ['', false, 'ERR_CONFIG'],
        ['P-2', false, 'ERR_CONFIG'],
      ],
    )
  })

  test('is told of as on record where a listener failed, with its password', async () => {
    await using site = await openSite()
    site.fleet.onChange('gateway', () => {
      throw new Error('away')
    })
    const { status, body, type } = await site.ask('admin', 'POST', '/devices/pump', { id: 'P-1' })
    assert.deepEqual(
      [status, body.code, type],
      [502, 'ERR_CHANGE_INCOMPLETE', 'application/problem+json'],
    )
    const { failed, password } = body.report as { failed: unknown; password: string }
    assert.deepEqual(failed, [{ name: 'gateway', problem: 'away' }])
    const login = { username: 'pump/P-1', password, clientId: 'pump/P-1' }
    assert.equal((await site.fleet.authenticate(login)).effect, 'allow')
  })
})

describe('a listing', () => {
  test('goes page by page, narrowed by what the store can', async () => {
    await using site = await openSite()
    await site.fleet.provisionMany(
      pump,
      Array.from({ length: 5 }, (_, i) => ({ id: `P-${i}` })),
    )
    await site.fleet.provision(valve, 'V-1')
    await site.fleet.revoke(pump, 'P-3')
    const now = Date.now()
    await site.fleet.store.states!.write(
      [{ type: 'pump', id: 'P-1', lastHeard: now, freshUntil: now + 60_000, battery: 7 }],
      now,
    )
    const rows: readonly (readonly [query: string, ids: readonly string[]])[] = [
      ['', ['P-0', 'P-1', 'P-2', 'P-3', 'P-4', 'V-1']],
      ['type=pump', ['P-0', 'P-1', 'P-2', 'P-3', 'P-4']],
      ['revoked=true', ['P-3']],
      ['revoked=false&type=valve', ['V-1']],
      ['idPrefix=P-', ['P-0', 'P-1', 'P-2', 'P-3', 'P-4']],
      ['batteryBelow=20', ['P-1']],
      ['fresh=true', ['P-1']],
      ['fresh=false&type=valve', ['V-1']],
      ['connected=true', []],
      ['type=none', []],
    ]
    for (const [query, ids] of rows) {
      for (const limit of [2, 100]) {
        const found: string[] = []
        for (let cursor = ''; ; ) {
          const page = `/devices?limit=${limit}&${query}${cursor && `&cursor=${cursor}`}`
          const { status, body } = await site.ask('reader', 'GET', page)
          assert.equal(status, 200, query)
          found.push(...(body.devices as { id: string }[]).map(({ id }) => id))
          if (body.cursor === undefined) break
          cursor = encodeURIComponent(`${body.cursor}`)
        }
        assert.deepEqual(found.sort(), ids, query)
      }
    }
  })
})

describe('a command', () => {
  test('is sent, and its reply answered', async () => {
    await using site = await openSite({ hub: true })
    await site.fleet.provision(pump, 'P-1')
    const at = '/devices/pump/P-1/commands'
    const sent = await site.ask('admin', 'POST', `${at}/setRpm`, { payload: { rpm: 7 } })
    assert.deepEqual([sent.status, sent.body], [200, { reply: { rpm: 7 } }])
    const plain = await site.ask('admin', 'POST', `${at}/stop`)
    assert.deepEqual([plain.status, plain.body], [200, { reply: null }])
    const unknown = await site.ask('admin', 'POST', `${at}/explode`)
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'ERR_COMMAND_UNKNOWN'])
    const wrong = await site.ask('admin', 'POST', `${at}/setRpm`, { payload: { rpm: 'geheim' } })
    assert.deepEqual([wrong.status, wrong.body.code], [400, 'ERR_PAYLOAD_INVALID'])
    assert.ok(!JSON.stringify(wrong.body).includes('geheim'))
    assert.deepEqual(wrong.body.errors, [{ path: 'rpm', problem: 'is not valid' }])
  })

  test('has no route without a hub', async () => {
    await using site = await openSite()
    await site.fleet.provision(pump, 'P-1')
    const { status, body } = await site.ask('admin', 'POST', '/devices/pump/P-1/commands/stop')
    assert.deepEqual([status, body.code], [404, 'route-unknown'])
  })
})

test('the rules are asked, and say why', async () => {
  await using site = await openSite()
  await site.fleet.provision(pump, 'P-1')
  const ask = (topic: string) =>
    site.ask('reader', 'POST', '/explain', { username: 'pump/P-1', action: 'publish', topic })
  assert.equal((await ask('things/pump/P-1/data')).body.effect, 'allow')
  const denied = (await ask('things/pump/P-2/data')).body
  assert.deepEqual([denied.effect, denied.code], ['deny', 'no-rule-grants'])
  assert.ok(`${denied.text}`.length > 0)
})
