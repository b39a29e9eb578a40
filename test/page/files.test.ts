/**
 * What a browser loads of the page: its headers, its caching, and wherever it is mounted.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { ASSETS } from '../../adapters/page/assets.ts'
import { fleetPage } from '../../adapters/page/index.ts'
import { ConfigError, createFleet, memoryStore } from '../../src/index.ts'
import { openSite, pump } from './fixture.ts'

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
const names = Object.keys(ASSETS).filter((name) => name !== 'index.html')

function assertSafe({ headers }: Response): void {
  assert.equal(headers.get('content-security-policy'), POLICY)
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal(headers.get('referrer-policy'), 'same-origin')
}

test('the page holds nothing, loads from beside itself, and is asked for again each time', async () => {
  await using site = await openSite()
  const response = await site.request('reader', '/fleet/')
  assert.equal(response.status, 200)
  assertSafe(response)
  assert.equal(response.headers.get('cache-control'), 'private, no-cache')
  const page = await response.text()
  assert.equal(page, ASSETS['index.html']!.text)
  const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!)
  assert.ok(loaded.length >= 2)
  for (const address of loaded.filter((one) => !one.startsWith('#'))) {
    const { status } = await site.request(undefined, new URL(address, 'http://x/fleet/').pathname)
    assert.equal(status, 200, address)
  }
  // What the policy would forbid.
  assert.doesNotMatch(page, /<style|style=|<script>| on\w+=|https?:/)
})

for (const name of names) {
  test(`${name} is kept by browsers, and by no more than its tag told again`, async () => {
    await using site = await openSite()
    const path = `/fleet/assets/${name}`
    const response = await site.request(undefined, path)
    assert.equal(response.status, 200)
    assertSafe(response)
    assert.equal(response.headers.get('content-type'), ASSETS[name]!.contentType)
    const isHashed = name !== 'licenses.txt'
    const caching = isHashed ? 'public, max-age=31536000, immutable' : 'no-cache'
    assert.equal(response.headers.get('cache-control'), caching)
    assert.equal(await response.text(), ASSETS[name]!.text)
    const etag = response.headers.get('etag')!
    for (const tags of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await site.request(undefined, path, { 'if-none-match': tags })
      assert.deepEqual([again.status, await again.text()], [304, ''])
      assert.equal(again.headers.get('etag'), etag)
    }
    const changed = await site.request(undefined, path, { 'if-none-match': '"other"' })
    assert.equal(changed.status, 200)
  })
}

for (const name of ['index.html', 'other.js', '__proto__', 'constructor', '..%2findex.html', '']) {
  test(`there is no file "${name}"`, async () => {
    await using site = await openSite()
    assert.equal((await site.request('admin', `/fleet/assets/${name}`)).status, 404)
  })
}

describe('wherever it is mounted', () => {
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  const authorize = () => ({ name: 'a' })
  const mounts: readonly [at: string, base: string][] = [
    ['/fleet', '/fleet'],
    ['/', ''],
    ['/a/b', '/a/b'],
    ['/with space', '/with%20space'],
    ['/:tenant/fleet', '/north/fleet'],
    ['/t:1', '/t:1'],
  ]
  for (const [at, base] of mounts) {
    test(`at ${at}`, async () => {
      const app = new Hono().route(at, fleetPage(fleet, { authorize }))
      app.get('/other/', (context) => context.text('other'))
      if (base !== '') {
        const bare = await app.request(`${base}?x=1`)
        assert.equal(bare.status, 302)
        const location = new URL(bare.headers.get('location')!, `http://x${base}`)
        assert.equal(location.pathname + location.search, `${base}/?x=1`)
      }
      for (const [path, status] of [
        ['/', 200],
        ['/api/me', 200],
        ['/api/nothing', 404],
        [`/assets/${names[0]}`, 200],
        ['/live', 400],
        ['/x/', 404],
        ['/x', 404],
      ] as const) {
        const response = await app.request(base + path)
        assert.equal(response.status, status, base + path)
        await response.body?.cancel()
      }
      assert.equal(await (await app.request('/other/')).text(), 'other')
    })
  }
})

describe('whoever is not let in', () => {
  test('gets a page that says so, with 401', async () => {
    await using site = await openSite()
    for (const operator of [undefined, 'nobody']) {
      const response = await site.request(operator, '/fleet/')
      assert.equal(response.status, 401)
      assertSafe(response)
      assert.equal(response.headers.get('cache-control'), 'no-store')
      assert.match(await response.text(), /<h1>Not signed in<\/h1>/)
    }
  })

  test('gets 503 where that cannot be found out, and not why', async () => {
    const authorize = () => Promise.reject(new Error('database password is hunter2'))
    await using site = await openSite({ page: { authorize } })
    const page = await site.request('admin', '/fleet/')
    assert.equal(page.status, 503)
    assert.doesNotMatch(await page.text(), /hunter2/)
    const live = await site.request('admin', '/fleet/live?hubs=1')
    assert.equal(live.status, 503)
    assert.doesNotMatch(await live.text(), /hunter2/)
    assert.equal(site.lines.filter((line) => line.includes('hunter2')).length, 2)
  })

  test('may come to the page from another site, and not to what is behind it', async () => {
    await using site = await openSite()
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    assert.equal((await site.request('admin', '/fleet/', headers)).status, 200)
    for (const path of ['/fleet/api/devices', '/fleet/live?hubs=1']) {
      const response = await site.request('admin', path, headers)
      const { code } = (await response.json()) as { code: string }
      assert.deepEqual([response.status, code], [403, 'origin-foreign'])
    }
  })
})

test('what it answers of the operator’s routes says what it is', async () => {
  await using site = await openSite()
  const response = await site.request('admin', '/fleet/api/devices')
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(response.headers.get('cache-control'), 'no-store')
})

describe('options that are not valid', () => {
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  const authorize = () => ({ name: 'a' })
  const other = { device() {}, onData() {}, onStatus() {}, onRejected() {} }
  for (const [key, options] of [
    ['authorize', {}],
    ['secret', { authorize, secret: 'x'.repeat(40) }],
    ['hub', { authorize, hub: 7 }],
    ['hub.status', { authorize, hub: other }],
    ['hub.first.device', { authorize, hub: { first: {} } }],
    ['kicks', { authorize, kicks: {} }],
  ] as const) {
    test(key, () => {
      assert.throws(
        () => fleetPage(fleet, options as never),
        (error: unknown) => error instanceof ConfigError && error.key === key,
      )
    })
  }
})
