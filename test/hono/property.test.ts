/**
 * No product ever grants what the rules deny: whatever the rules are, whoever asks, and whatever the
 * broker keeps back of it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { NamedAccessRequest } from '../../src/index.ts'
import type { Question } from '../../src/product/http/question.ts'
import type { AskingProduct } from '../../src/product/product.ts'
import { emqx, goAuth, nanomq, vernemq } from '../../src/product/products.ts'
import { FUZZ_RUNS, FUZZ_SEED, SEEDED } from '../support/fuzz-seed.ts'
import { ASKING } from '../support/products.ts'
import { anyPacket, anyPlan, askers, CLIENT_IDS } from './fuzz/arbitrary.ts'
import {
  build,
  type Counts,
  connect,
  findOverGrant,
  findWrongLogin,
  type User,
} from './fuzz/grants.ts'
import { clientIdOf } from './fuzz/language.ts'
import { languageOf } from './fuzz/languages/index.ts'

/** Fleets, and what is asked of each. */
const FLEETS = Math.ceil(150 * FUZZ_RUNS)
const ASKED = 40

/** A fleet, and what is asked of it, most of it near the rules of whoever asks. */
const cases = anyPlan.chain((plan) => {
  const known = askers(plan)
  const asking = fc
    .record({
      user: fc.oneof({ weight: 8, arbitrary: fc.nat(4) }, fc.constantFrom(5, 6)),
      clientId: fc.constantFrom(...CLIENT_IDS),
      encoding: fc.nat(1),
      password: fc.nat(3),
    })
    .chain(({ user, clientId, ...rest }) =>
      fc.record({
        ...{ user: fc.constant(user), clientId: fc.constant(clientId), rest: fc.constant(rest) },
        packet: anyPacket(known[user % known.length]!, clientId),
      }),
    )
    .map(({ rest, ...asked }) => ({ ...asked, ...rest }))
  const askings = fc.array(asking, { maxLength: ASKED, size: 'max' })
  return fc.record({ plan: fc.constant(plan), askings })
})

/** Draws fleets, and throws where one grants what its rules deny. */
async function search(product: AskingProduct, options: fc.Parameters<unknown>): Promise<Counts> {
  const language = languageOf(product)
  const counts = { granted: 0, denied: 0 }
  const property = fc.asyncProperty(cases, async ({ plan, askings }) => {
    const connected = connect(await build(plan), product, language)
    for (const { user, clientId: drawn, packet, encoding } of askings) {
      const one = connected.users[user]!
      const client = { ...one, clientId: clientIdOf(language, one.username, drawn) }
      const found = await findOverGrant(connected, client, packet, encoding, counts)
      assert.equal(found, undefined, JSON.stringify({ ...found, plan }))
    }
  })
  await fc.assert(property, { seed: FUZZ_SEED, ...options } as fc.Parameters<[unknown]>)
  return counts
}

/** A password of a user, or of another one, or of nobody. */
function passwordOf({ password }: User, other: User, kind: number): string {
  return [password, other.password, `${password}0`, ''][kind]!
}

for (const product of ASKING) {
  describe(product.name, () => {
    test(`grants nothing that the rules deny ${SEEDED}`, async () => {
      const { granted, denied } = await search(product, { numRuns: FLEETS })
      // Else it would not be told whether anything was looked at at all.
      assert.ok(granted > FLEETS && denied > FLEETS, `${granted} granted, ${denied} denied`)
    })

    test(`lets in nobody whom the fleet would not ${SEEDED}`, async () => {
      const counts = { granted: 0, denied: 0 }
      const property = fc.asyncProperty(cases, async ({ plan, askings }) => {
        const language = languageOf(product)
        const connected = connect(await build(plan), product, language)
        const { users } = connected
        for (const { user, clientId: drawn, encoding, password: kind } of askings.slice(0, 10)) {
          const one = users[user]!
          const password = passwordOf(one, users[(user + 1) % users.length]!, kind)
          const clientId = clientIdOf(language, one.username, drawn)
          const client = { username: one.username, password, clientId }
          const found = await findWrongLogin(connected, client, encoding, counts)
          assert.equal(found, undefined, JSON.stringify(found))
        }
      })
      await fc.assert(property, { numRuns: Math.ceil(FLEETS / 4), seed: FUZZ_SEED })
      assert.ok(counts.granted > 0 && counts.denied > 0)
    })
  })
}

/** A product whose questions are changed on their way. */
function changed(
  product: AskingProduct,
  change: (asked: Omit<NamedAccessRequest, 'facts'>) => Omit<NamedAccessRequest, 'facts'>,
): AskingProduct {
  const questions = product.questions.map(
    (question): Question => ({
      ...question,
      read(fields, headers) {
        const asked = question.read(fields, headers)
        if (asked.kind === 'access') return { ...asked, ...change(asked) }
        if (asked.kind !== 'accesses') return asked
        return { ...asked, requests: asked.requests.map(change) }
      },
    }),
  )
  return { ...product, questions }
}

describe('the search finds a product', () => {
  const careless: readonly (readonly [title: string, AskingProduct])[] = [
    [
      'that relies on share names its broker keeps back',
      { ...emqx, facts: { ...emqx.facts, share: true } },
    ],
    [
      'that asks for another action',
      changed(goAuth, (asked) => ({ ...asked, action: 'subscribe' })),
    ],
    ['that forgets the QoS', changed(vernemq, (asked) => ({ ...asked, qos: 0 }))],
    ['that forgets the retain flag', changed(emqx, (asked) => ({ ...asked, retain: false }))],
    [
      'that looks at the first of several filters',
      changed(nanomq, (asked) => ({ ...asked, topic: asked.topic.split('/')[0]! })),
    ],
    ['that forgets who asks', changed(goAuth, (asked) => ({ ...asked, username: 's' }))],
  ]
  for (const [title, product] of careless) {
    test(`${title} ${SEEDED}`, async () => {
      const found = search(product, { numRuns: 20_000, endOnFailure: true })
      await assert.rejects(found, /Property failed/)
    })
  }
})
