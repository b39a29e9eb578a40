/**
 * The page in workerd, the runtime of Cloudflare Workers: its files, its routes, and several streams at
 * once, where no request may wait for what another one began.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Miniflare } from 'miniflare'
import { ASSETS } from '../../adapters/page/assets.ts'
import { browserBundle } from '../support/browser-bundle.ts'
import { within } from '../support/wait.ts'
import { Listening } from './fixture.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))

describe('in workerd', () => {
  let workerd: Miniflare
  before(async () => {
    const script = await browserBundle(WORKER, {}, (folder) =>
      readFileSync(join(folder, 'program.js'), 'utf8'),
    )
    const compatibilityDate = '2026-01-01' // Older ones have no streams that a program fills.
    workerd = new Miniflare({ modules: true, script, compatibilityDate })
    await workerd.ready
    await ask('', '/devices/N-1?tenant=north', { method: 'POST' })
    await ask('', '/devices/S-1?tenant=south', { method: 'POST' })
  })
  after(() => workerd.dispose())

  async function ask(
    operator: string,
    path: string,
    init: { method?: string; body?: string } = {},
  ) {
    const headers = { 'x-operator': operator }
    return workerd.dispatchFetch(`http://worker${path}`, { ...init, headers, redirect: 'manual' })
  }

  async function listen(operator: string): Promise<Listening> {
    const response = await ask(operator, '/fleet/live?device=pump/N-1&device=pump/S-1&log=1')
    assert.equal(response.status, 200)
    return new Listening(response.body as unknown as ReadableStream<Uint8Array>)
  }

  test('its files and routes are there, for those who are let in', async () => {
    assert.equal((await ask('admin', '/fleet')).headers.get('location'), './fleet/')
    const page = await ask('admin', '/fleet/')
    assert.equal(await page.text(), ASSETS['index.html']!.text)
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/)
    assert.equal((await ask('nobody', '/fleet/')).status, 401)
    assert.equal((await ask('nobody', '/fleet/live?log=1')).status, 401)
    const { devices } = (await (await ask('north', '/fleet/api/devices')).json()) as {
      devices: object[]
    }
    assert.equal(devices.length, 1)
  })

  test('several pages are told what their operators may know, as it is written', async () => {
    const pages = [await listen('admin'), await listen('north')]
    const until = async (isSo: () => boolean, what: string) => {
      const wait = async () => {
        while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await within(wait(), what, 30_000)
    }
    const statusOf = (page: Listening, id: string) =>
      page
        .of('states')
        .flatMap(({ devices }) => devices)
        .findLast((device) => device.id === id)?.state.status
    await until(() => pages.every((page) => page.of('states').length > 0), 'first states')
    for (const id of ['N-1', 'S-1']) {
      const body = JSON.stringify({ type: 'pump', id, lastHeard: Date.now(), status: `of ${id}` })
      assert.equal((await ask('', '/told', { method: 'POST', body })).status, 200)
    }
    await until(() => pages.every((page) => statusOf(page, 'N-1') === 'of N-1'), 'the status')
    await until(() => statusOf(pages[0]!, 'S-1') === 'of S-1', 'that of the other')
    assert.ok(!JSON.stringify(pages[1]!.events).includes('S-1'))
    for (const page of pages) await page.leave()
  })
})
