/**
 * Whatever is sent to a route, the answer is its denial in the broker's own words, unless it is a
 * question that can be read in one way alone and that the rules grant.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { draw, FUZZ_RUNS, SEEDED } from '../support/fuzz-seed.ts'
import {
  app,
  type Bytes,
  check,
  checkNothingPolluted,
  denial,
  fleet,
  isSame,
  questions,
  routes,
} from './fuzz/check.ts'
import { mutateEnvelope, plainEnvelope, strangePaths } from './fuzz/envelope.ts'
import { HUGE, HUGE_BESIDE } from './fuzz/huge.ts'
import { ask, headersOf, mount, read } from './fuzz/mount.ts'
import { garbage, mutateBody } from './fuzz/mutate.ts'

/** Requests to each route. */
const REQUESTS = Math.ceil(2_000 * FUZZ_RUNS)
const utf8 = new TextEncoder()

describe('requests that are not as they should be are denied, or mean one thing', () => {
  for (const [title, product, route] of routes) {
    test(`${title}: ${REQUESTS} requests ${SEEDED}`, async () => {
      const random = draw(title)
      const asked = questions(product, route)
      let granted = 0
      for (let i = 0; i < REQUESTS; i++) {
        const call = random.one(asked)
        const kind = random.below(10)
        const body = (
          kind < 2 ? garbage(random) : kind < 8 ? mutateBody(call, random) : utf8.encode(call.body)
        ) as Bytes
        const plain = plainEnvelope(product, call, body, random)
        const isPlain = kind > 1 && kind < 8 && random.below(20) > 0
        const envelope = isPlain ? plain : mutateEnvelope(product, call, plain, random)
        if (await check(product, route, envelope, body)) granted++
      }
      checkNothingPolluted()
      // Else it would not be told whether anything was read at all.
      if (route.path.endsWith('superuser')) assert.equal(granted, 0)
      else assert.ok(granted > REQUESTS / 20, `${granted} were granted: too few to tell`)
    })
  }
})

describe('a path that is not quite that of a route grants nothing', () => {
  for (const [title, product, route] of routes) {
    test(title, async () => {
      for (const call of questions(product, route).slice(0, 3)) {
        for (const path of strangePaths(product, route.path)) {
          const init = { method: 'POST', headers: headersOf(product, call), body: call.body }
          const answer = await read(await app.request(path, init))
          const isDenied = routes.some(([, , other]) => isSame(answer, denial(other)))
          assert.ok(isDenied || answer.status === 404, `${path}: ${JSON.stringify(answer)}`)
        }
      }
    })
  }
})

describe('where longer bodies are read, what is huge is answered as well', () => {
  const wide = mount(fleet, { maxBodyBytes: 4_000_000 })

  const distinct = routes.filter(([title]) => !/superuser|text\/|vhost/.test(title))
  for (const [title, product, route] of distinct) {
    test(title, async () => {
      const call = questions(product, route)[0]!
      const timed = async (name: string, body: string) => {
        const started = performance.now()
        const answer = await ask(wide, product, { ...call, body })
        const took = performance.now() - started
        assert.ok(took < 20_000, `${name} took ${Math.round(took)} ms`)
        return answer
      }
      for (const [name, make] of Object.entries(HUGE)) {
        assert.deepEqual(await timed(name, make(call)), denial(route), name)
      }
      const allowed = await ask(app, product, call)
      for (const [name, make] of Object.entries(HUGE_BESIDE)) {
        const answer = await timed(name, make(call))
        if (!isSame(answer, denial(route))) assert.deepEqual(answer, allowed, name)
      }
      checkNothingPolluted()
    })
  }
})
