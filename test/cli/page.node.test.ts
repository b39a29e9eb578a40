/**
 * The page that `devicehub dev` prints the address of: open to whoever started it, and to nobody else.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Listening } from '../page/fixture.ts'
import { within } from '../support/wait.ts'
import { node, type Run, start, userFolder } from './command.ts'

const PRINTED = /http:\/\/127\.0\.0\.1:\d+\/fleet\/\?key=[0-9a-f]{64}/g

describe('the page of devicehub dev', () => {
  const folder = userFolder({})
  let running: Run
  let first: URL
  let cookie: string
  before(async () => {
    running = start(node, folder, ['dev', '--devices', '20'])
    await running.until(/devices connected/)
    first = new URL(running.lines().join('\n').match(PRINTED)![0])
  })
  after(async () => {
    running.process.kill('SIGTERM')
    await running.exit()
    folder[Symbol.dispose]()
  })

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(new URL(path, first), { redirect: 'manual', headers })

  test('nobody comes in without the key, or with another', async () => {
    for (const path of ['./', 'api/devices', 'live?log=1']) {
      assert.equal((await get(path)).status, 401, path)
      const made = { cookie: `devicehub-dev-${first.port}=${'0'.repeat(64)}` }
      assert.equal((await get(path, made)).status, 401, path)
    }
    const wrong = await get(`./?key=${'0'.repeat(64)}`)
    assert.deepEqual([wrong.status, wrong.headers.get('set-cookie')], [303, null])
  })

  test('a browser that fetches ahead does not use it up', async () => {
    const ahead = await get(first.href, { 'sec-purpose': 'prefetch;prerender' })
    assert.equal(ahead.headers.get('set-cookie'), null)
  })

  test('the key lets in once, and stays in no address', async () => {
    const response = await get(first.href)
    assert.deepEqual([response.status, response.headers.get('location')], [303, '/fleet/'])
    const set = response.headers.get('set-cookie')!
    assert.match(set, /^devicehub-dev-\d+=[0-9a-f]{64}; Path=\/fleet; HttpOnly; SameSite=Lax$/)
    cookie = set.split(';')[0]!
    assert.equal((await get(first.href)).headers.get('set-cookie'), null)
    // The next one is printed.
    await running.until(/from another browser: /)
    const next = running.lines().join('\n').match(PRINTED)![1]!
    assert.notEqual(next, first.href)
    const other = await get(next)
    assert.ok(other.headers.get('set-cookie')?.startsWith(cookie))
  })

  test('it shows devices that move, and sends them commands', async () => {
    assert.equal((await get('./', { cookie })).status, 200)
    const listed = await get('api/devices?connected=true', { cookie })
    const { devices } = (await listed.json()) as { devices: { type: string; id: string }[] }
    assert.equal(devices.length, 20)
    const { type, id } = devices.find((device) => device.type === 'weatherstation')!
    const { body } = await get(`live?device=${type}/${id}&follow=${type}/${id}&hubs=1`, { cookie })
    const page = new Listening(body!)
    const told = async () => {
      while (page.of('messages').length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    await within(told(), 'message', 20_000)
    const { temperature, humidity } = page.of('messages')[0]!.messages[0]!.numbers
    assert.ok(temperature! > 0 && humidity! > 0)
    const hubs = page.of('hubs')[0]!.hubs.map(({ name }) => name)
    assert.deepEqual(hubs, ['first', 'second'])
    const answer = await fetch(new URL(`api/devices/${type}/${id}/commands/setInterval`, first), {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json' },
      body: JSON.stringify({ payload: { seconds: 5 } }),
    })
    assert.deepEqual(await answer.json(), { reply: { seconds: 5 } })
    // It is left open: the program ends all the same.
  })

  test('it ends while a page is open', async () => {
    running.process.kill('SIGTERM')
    assert.equal(await within(running.exit(), 'exit', 20_000), 0)
    assert.equal(running.stderr(), '')
  })
})
