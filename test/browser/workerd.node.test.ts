/**
 * The MQTT adapter in an edge worker: each case in a request of its own.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { bundle } from './bundle.ts'
import { openSite, type Site } from './site.ts'
import { runsIn } from './suite.ts'
import { startWorker, type Worker, workerdMissing } from './workerd.ts'

async function post(url: URL | string, body: unknown): Promise<string> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  assert.equal(response.status, 200)
  return response.text()
}

runsIn('workerd', workerdMissing, async () => ({
  async start({ authority }) {
    const worker = await startWorker(await bundle('worker.ts'), authority)
    return {
      run: (...args) => post(worker.url, args),
      [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
    }
  },
}))

describe('a connection and the requests to a worker', { skip: workerdMissing }, () => {
  let site: Site
  let worker: Worker
  before(async () => {
    site = await openSite('')
    worker = await startWorker(await bundle('worker.ts'), site.authority)
  })
  after(async () => {
    await worker?.[Symbol.asyncDispose]()
    await site?.[Symbol.asyncDispose]()
  })
  const publish = (path: string) =>
    post(new URL(path, worker.url), { url: site.place.url, ...site.place.device })

  test('a Durable Object keeps one from request to request', async () => {
    for (let request = 1; request <= 3; request++) assert.equal(await publish('object'), '')
  })

  test('a worker cannot: in the next request it fails, and says so', async () => {
    assert.equal(await publish('kept'), '')
    assert.match(await publish('kept'), /on behalf of a different request/)
  })

  test('one that a request leaves open does no harm to the next request', async () => {
    for (let request = 1; request <= 10; request++) assert.equal(await publish('abandoned'), '')
  })
})
