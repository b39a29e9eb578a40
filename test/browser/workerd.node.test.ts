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
    const script = await bundle('worker.ts')
    // One for each that is tried beside others. In one isolate connections of `devicehub/mqtt` in several
    // requests at once disturb each other, since what the `mqtt` package puts off runs in one queue for all.
    const workers = new Map<string, Promise<Worker>>()
    const workerOf = (over: string) => {
      const worker = workers.get(over) ?? startWorker(script, authority)
      workers.set(over, worker)
      return worker
    }
    return {
      async run(title, place, over) {
        const { url } = await workerOf(over ?? 'no contract')
        return post(url, [title, place, over])
      },
      async [Symbol.asyncDispose]() {
        for (const worker of workers.values()) await (await worker)[Symbol.asyncDispose]()
      },
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

  for (const [client, query] of [
    ['devicehub/mqtt', ''],
    ['devicehub/browser', '?small'],
  ]) {
    test(`a Durable Object keeps one from request to request: ${client}`, async () => {
      for (let request = 1; request <= 3; request++) {
        assert.equal(await publish(`object${query}`), '')
      }
    })

    test(`a worker cannot: in the next request it fails, and says so: ${client}`, async () => {
      assert.equal(await publish(`kept${query}`), '')
      assert.match(await publish(`kept${query}`), /on behalf of a different request/)
    })

    test(`one that a request leaves open does no harm to the next request: ${client}`, async () => {
      for (let request = 1; request <= 10; request++) {
        assert.equal(await publish(`abandoned${query}`), '')
      }
    })
  }

  test('requests at once have one each: devicehub/browser', async () => {
    const asked = Array.from({ length: 20 }, () => publish('abandoned?small'))
    assert.deepEqual(new Set(await Promise.all(asked)), new Set(['']))
  })
})
