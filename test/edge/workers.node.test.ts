/**
 * The workers of the examples in workerd, as they stand: what EMQX asks, tokens, operators and commands on
 * D1, and pages that a Durable Object tells what the broker has.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { mqtt } from '../../adapters/mqtt/index.ts'
import type { Env as LiveEnv } from '../../examples/edge-live/env.ts'
import liveWorker from '../../examples/edge-live/worker.ts'
import type { Env } from '../../examples/edge-worker/env.ts'
import { pump } from '../../examples/edge-worker/types.ts'
import worker from '../../examples/edge-worker/worker.ts'
import type { Broker } from '../../src/index.ts'
import { recorded } from '../emqx/recorded.ts'
import { findWorkerd } from '../support/serve.ts'
import { deferred, within } from '../support/wait.ts'
import { Listener, openDeaf, type Told } from './page.ts'
import { type EdgeSite, openEdgeSite, SECRETS, signedIn } from './site.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Milliseconds for what happens by itself. */
const LIMIT = 60_000
const skip = process.env.CI !== 'true' && !findWorkerd() && 'workerd has no binary here'

test('the migrations are what the command writes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-migrations-'))
  const args = ['--import=tsx', 'adapters/cli/main.ts', 'store', 'sql', '--out', folder]
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, timeout: 60_000 })
  assert.equal(status, 0, `${stderr}`)
  const read = (of: string) =>
    readdirSync(of).map((name) => [name, readFileSync(join(of, name), 'utf8')])
  assert.deepEqual(read(join(root, 'examples', 'edge-worker', 'migrations')), read(folder))
  rmSync(folder, { recursive: true })
})

test('both workers name what is missing before anything is answered', async () => {
  const request = () => new Request('http://worker/iot/broker/emqx/acl', { method: 'POST' })
  const asked = async () => worker.fetch(request(), { DB: {} } as Env, {} as never)
  await assert.rejects(asked, /: PEPPER, BROKER_SECRET, .*, EMQX_URL$/)
  const pages = async () => liveWorker.fetch(request(), { PEPPER: 'x' } as LiveEnv)
  await assert.rejects(pages, /: SESSION_KEY, DB, BROKER_URL, LIVE$/)
})

describe('in workerd', { skip }, () => {
  let site: EdgeSite
  before(async () => {
    site = await openEdgeSite()
  })
  after(() => site?.[Symbol.asyncDispose]())

  async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(site.routes + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, body: isJson ? JSON.parse(text) : text }
  }
  const admin = (path: string, body: unknown) => {
    return post(`/admin${path}`, body, { authorization: `Bearer ${SECRETS.ADMIN_SECRET}` })
  }
  const ask = async (
    what: 'auth' | 'acl',
    body: object,
    secret: string = SECRETS.BROKER_SECRET,
  ) => {
    const answer = await post(`/iot/broker/emqx/${what}`, body, {
      authorization: `Bearer ${secret}`,
    })
    assert.equal(answer.status, 200)
    return answer.body as { result: string; acl?: object[]; expire_at?: number }
  }
  const mayPublish = async (username: string, topic: string) => {
    return (await ask('acl', { username, clientid: username, action: 'publish', topic })).result
  }
  const putOnRecord = async (id: string, tenant: string): Promise<string> => {
    const { status, body } = await admin('/devices/pump', { id, attributes: { tenant } })
    assert.equal(status, 200, JSON.stringify(body))
    return body.password
  }

  describe('what EMQX asks', () => {
    const login = (password: string, clientid = 'pump/P-1') => {
      return ask('auth', { username: 'pump/P-1', password, clientid })
    }

    test('is answered from D1, with as many denials as grants', async () => {
      const password = await putOnRecord('P-1', 'north')
      const { result, acl } = await login(password)
      assert.equal(result, 'allow')
      assert.ok(acl && acl.length > 0)
      for (const [granted, topic] of [
        ['allow', 'things/pump/P-1/data'],
        ['deny', 'things/pump/P-2/data'],
        ['allow', 'things/pump/P-1/status'],
        ['deny', 'things/pump/P-1/cmd'],
      ] as const) {
        assert.equal(await mayPublish('pump/P-1', topic), granted, topic)
      }
      assert.equal((await login(`${password}x`)).result, 'deny')
      assert.equal((await login(password, 'pump/P-2')).result, 'deny')
      const wrong = await ask('auth', { username: 'pump/P-1', password, clientid: 'pump/P-1' }, 'x')
      assert.equal(wrong.result, 'deny')
    })

    test('is answered to many at once, and beside one who leaves', async () => {
      const leave = new AbortController()
      const left = fetch(`${site.routes}/iot/broker/emqx/acl`, {
        method: 'POST',
        signal: leave.signal,
      })
      leave.abort()
      await left.catch(() => {})
      const asked = Array.from({ length: 40 }, (_, i) => {
        return mayPublish('pump/P-1', `things/pump/P-${1 + (i % 2)}/data`)
      })
      const expected = asked.map((_, i) => (i % 2 === 0 ? 'allow' : 'deny'))
      assert.deepEqual(await Promise.all(asked), expected)
    })
  })

  describe('a token', () => {
    const take = async (
      id: string,
      cookie?: string,
      more: Readonly<Record<string, string>> = {},
    ) => {
      return post(`/watch/pump/${id}`, undefined, { ...(cookie && { cookie }), ...more })
    }

    test('is for who is signed in, and for the pumps of the own tenant', async () => {
      const rows: [number, string, string?, Readonly<Record<string, string>>?][] = [
        [200, 'P-1', await signedIn('north')],
        [401, 'P-1'],
        [401, 'P-1', await signedIn('north', 'another key')],
        [401, 'P-1', 'session=north'],
        [401, 'P-1', await signedIn('south')],
        [401, 'P-9', await signedIn('north')],
        [
          403,
          'P-1',
          await signedIn('north'),
          { 'content-type': 'text/plain', origin: 'https://evil.example' },
        ],
      ]
      for (const [status, ...asked] of rows) {
        const answer = await take(...asked)
        assert.equal(answer.status, status)
        const code = { 401: 'session-unknown', 403: 'origin-foreign' }[status]
        assert.equal(answer.body.code, code)
      }
    })

    test('logs in at EMQX, and may watch that pump alone', async () => {
      const { body } = await take('P-1', await signedIn('north'))
      const { username, password, url, expiresAt } = body
      assert.ok(url.startsWith('ws://') && expiresAt > Date.now())
      const clientid = `${username}//page`
      const { result, acl, expire_at } = await ask('auth', { username, password, clientid })
      assert.deepEqual([result, expire_at], ['allow', expiresAt / 1_000])
      assert.deepEqual(acl!.slice(0, 2), [
        { permission: 'allow', action: 'subscribe', topic: 'things/pump/P-1/data' },
        { permission: 'deny', action: 'all', topic: '#' },
      ])
      const forged = await ask('auth', { username, password: `${password}A`, clientid })
      assert.equal(forged.result, 'deny')
      const again = await take('P-1', await signedIn('north'))
      assert.equal(again.body.username, username, 'a token that follows has the same user name')
    })
  })

  describe('operators', () => {
    test('are let in by their secret alone', async () => {
      for (const [status, secret] of [
        [200, SECRETS.ADMIN_SECRET],
        [401, SECRETS.BROKER_SECRET],
      ] as const) {
        const headers = { authorization: `Bearer ${secret}` }
        const response = await fetch(`${site.routes}/admin/devices`, { headers })
        assert.equal(response.status, status)
        await response.body?.cancel()
      }
    })

    test('send commands through the HTTP API of EMQX', async () => {
      const run = (payload: object) => admin('/devices/pump/P-1/commands/run', { payload })
      const sent = await run({ rpm: 900 })
      assert.deepEqual([sent.status, sent.body], [200, { reply: null }])
      const [{ topic, payload } = assert.fail()] = site.emqx.published
      const { command, payload: asked } = JSON.parse(Buffer.from(payload, 'base64').toString())
      assert.deepEqual([topic, command, asked], ['things/pump/P-1/cmd', 'run', { rpm: 900 }])
      assert.equal((await run({ rpm: 9_000 })).status, 400)
      site.emqx.intercept = () => recorded['role is viewer or publisher']
      const refused = await run({ rpm: 900 })
      site.emqx.intercept = () => undefined
      assert.deepEqual([refused.status, refused.body.code], [502, 'ERR_COMMAND_NOT_SENT'])
      assert.equal(site.emqx.published.length, 1)
    })

    test('revoke a device, which EMQX is told, and see it on the trail', async () => {
      const password = await putOnRecord('P-3', 'north')
      const login = { username: 'pump/P-3', password, clientid: 'pump/P-3' }
      assert.equal((await ask('auth', login)).result, 'allow')
      assert.equal(await mayPublish('pump/P-3', 'things/pump/P-3/data'), 'allow')
      site.emqx.clients.push({ clientid: 'pump/P-3', username: 'pump/P-3' })
      assert.equal((await admin('/devices/pump/P-3/revoke', {})).status, 200)
      assert.deepEqual(site.emqx.ended, ['pump/P-3'])
      assert.equal((await ask('auth', login)).result, 'deny')
      assert.equal(await mayPublish('pump/P-3', 'things/pump/P-3/data'), 'deny')
      const headers = { authorization: `Bearer ${SECRETS.ADMIN_SECRET}` }
      const trail = await fetch(`${site.routes}/admin/audit?id=P-3&type=pump`, { headers })
      const { entries } = (await trail.json()) as { entries: { action: string; result: string }[] }
      assert.deepEqual(
        entries.map(({ action, result }) => [action, result]),
        [
          ['revoke', 'done'],
          ['provision', 'done'],
        ],
      )
    })
  })

  describe('a page', () => {
    let device: Broker
    before(async () => {
      await putOnRecord('L-1', 'north')
      await putOnRecord('L-2', 'north')
      const { password } = await site.fleet.provision(pump, 'L-1')
      device = mqtt({ url: site.broker.url, username: 'pump/L-1', password })
      await device.connect({ onMessage: () => {} })
    })
    after(() => device?.close())

    const open = async (id: string, tenant = 'north') => {
      return Listener.open(`${site.pages}/live/pump/${id}`, { cookie: await signedIn(tenant) })
    }
    const publish = (payload: string | object) => {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
      const bytes = new TextEncoder().encode(text)
      return device.publish({ topic: 'things/pump/L-1/data', payload: bytes })
    }
    /** Settles when so many are connected to the broker, the device among them. */
    const connected = async (count: number) => {
      const limit = Date.now() + LIMIT
      while (site.broker.connections !== count) {
        assert.ok(Date.now() < limit, `${site.broker.connections} are connected, not ${count}`)
        await pause(50)
      }
    }

    test('is one of who is signed in, and of the own tenant', async () => {
      const path = `${site.pages}/live/pump/L-1`
      const rows: [number, string, Readonly<Record<string, string>>][] = [
        [401, path, {}],
        [401, path, { cookie: await signedIn('north', 'another key') }],
        [404, path, { cookie: await signedIn('south') }],
        [404, `${site.pages}/live/pump/L-9`, { cookie: await signedIn('north') }],
        [404, `${site.pages}/north/L-1`, { cookie: await signedIn('north') }],
      ]
      for (const [status, url, headers] of rows) {
        await using page = await Listener.open(url, headers)
        assert.equal(page.status, status, url)
      }
    })

    test('comes again where there is no broker, until there is', async () => {
      site.relay.cut()
      const page = await open('L-1')
      assert.equal(page.status, 200)
      await within(page.ended, 'end of the stream', LIMIT)
      assert.deepEqual(page.told.items, [])
      await connected(1)
      site.relay.heal()
      await using again = await open('L-1')
      await again.told.reach(1, 'connection', LIMIT)
    })

    test('is told what its pump sends, and not what others do', async () => {
      await using page = await open('L-1')
      await using other = await open('L-2')
      await page.told.reach(1, 'connection')
      await other.told.reach(1, 'connection')
      await publish({ rpm: 1, note: 'a\n\nevent: x' })
      await publish('no JSON')
      await publish({ rpm: 2 })
      const told = await page.told.reach(4, 'events')
      assert.deepEqual(told, [
        { event: 'broker', data: 'connected' },
        { event: 'data', data: { rpm: 1, note: 'a\n\nevent: x' } },
        { event: 'rejected', data: 'is no JSON' },
        { event: 'data', data: { rpm: 2 } },
      ])
      assert.equal(other.told.items.length, 1)
    })

    test('shares one connection with all of its tenant, which ends with the last of them', async () => {
      const first = await open('L-1')
      await first.told.reach(1, 'connection', LIMIT)
      const more = await Promise.all(['L-1', 'L-1', 'L-2'].map((id) => open(id)))
      for (const page of more) await page.told.reach(1, 'connection', LIMIT)
      await connected(2)
      await first[Symbol.asyncDispose]()
      await publish({ rpm: 3 })
      for (const page of more.slice(0, 2)) await page.told.reach(2, 'events', LIMIT)
      for (const page of more) await page[Symbol.asyncDispose]()
      await connected(1)
    })

    test('is told that the connection is lost, and that it is back, and then what comes', async () => {
      await using page = await open('L-1')
      await page.told.reach(1, 'connection', LIMIT)
      site.relay.cut()
      await page.told.reach(2, 'events', LIMIT)
      site.relay.heal()
      await page.told.reach(3, 'events', LIMIT)
      await publish({ rpm: 4 })
      const told = await page.told.reach(4, 'events', LIMIT)
      assert.deepEqual(
        told.map(({ data }) => data),
        ['connected', 'lost', 'connected', { rpm: 4 }],
      )
    })

    test('that reads nothing holds up no other, and is told how much it missed', async () => {
      const socket = await openDeaf(`${site.pages}/live/pump/L-1`, await signedIn('north'))
      await using page = await open('L-1')
      await page.told.reach(1, 'connection', LIMIT)
      const count = 300
      const note = 'x'.repeat(60_000)
      for (let rpm = 0; rpm < count; rpm++) await publish({ rpm, note })
      await publish({ rpm: count })
      const isLast = ({ data }: Told) => (data as { rpm?: number }).rpm === count
      // It may have read more slowly than all of it came, and missed some as well.
      while (!page.told.items.some(isLast)) {
        await page.told.reach(page.told.items.length + 1, 'events', LIMIT)
      }
      let text = ''
      const last = deferred()
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        if (text.includes(`{"rpm":${count}}`)) last.resolve()
      })
      socket.resume()
      await within(last.promise, 'last message', LIMIT)
      socket.destroy()
      const missed = [...text.matchAll(/event: missed\ndata: (\d+)/g)].map(([, n]) => Number(n))
      const read = text.match(/event: data/g)!.length
      const sum = missed.reduce((all, n) => all + n, 0)
      assert.ok(sum > 0 && sum + read === count + 1, `${read} read, ${sum} missed`)
    })

    test('comes again where the object has ended, and all goes on', async () => {
      const page = await open('L-2')
      await page.told.reach(1, 'connection', LIMIT)
      await site.restart()
      await within(page.ended, 'end of the stream', LIMIT)
      await putOnRecord('L-1', 'north')
      await using again = await open('L-1')
      await again.told.reach(1, 'connection', LIMIT)
      await publish({ rpm: 5 })
      assert.deepEqual((await again.told.reach(2, 'events', LIMIT))[1]!.data, { rpm: 5 })
    })
  })
})
