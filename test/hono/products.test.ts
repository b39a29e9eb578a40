/**
 * The products that are handed to the routes: what is refused before anything is mounted, and that a
 * product which asks for what nobody decides is granted nothing.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type BrokerAuthOptions,
  type BrokerEventsOptions,
  brokerAuth,
  brokerEvents,
  outcomeCounters,
} from '../../adapters/hono/index.ts'
import { ConfigError, presenceTracker } from '../../src/index.ts'
import type { Asked, Question, QuestionOutcome } from '../../src/product/http/question.ts'
import type { AskingProduct } from '../../src/product/product.ts'
import { emqx, goAuth, mosquitto, rabbitmq, vernemq } from '../../src/product/products.ts'
import { captureLog, fixture, SECRET } from './fixture.ts'

const { fleet, password } = await fixture()
const STATION = 'weatherstation/STATION-001'

function configError(key: string, problem: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof ConfigError, String(error))
    assert.equal(error.key, key)
    assert.match(error.message, problem)
    assert.ok(!error.message.includes(SECRET))
    return true
  }
}

const LIST = /must be a list of the broker products in use, such as \[emqx\]/
const NONE = /is no broker product: take one of devicehub\/products/
const NAME = /must be made of lower-case letters/
const question = emqx.questions[0]!

/** What neither kind of route takes. */
const refused: readonly (readonly [title: string, products: unknown, key: string, RegExp])[] = [
  ['none at all', undefined, 'products', LIST],
  ['an empty list', [], 'products', LIST],
  ['a product alone', emqx, 'products', LIST],
  ['products by name', { emqx }, 'products', LIST],
  ['the name of a product', ['emqx'], 'products.0', NONE],
  ['nothing among others', [emqx, undefined], 'products.1', NONE],
  ['null', [null], 'products.0', NONE],
  ['a list in the list', [[emqx]], 'products.0', NONE],
  ['one without a name', [{ ...emqx, name: undefined }], 'products.0', NONE],
  ['an empty name', [{ ...emqx, name: '' }], 'products.0.name', NAME],
  ['a name that is a pattern', [{ ...emqx, name: ':any' }], 'products.0.name', NAME],
  ['a name of two segments', [{ ...emqx, name: 'a/b' }], 'products.0.name', NAME],
  ['no facts', [{ ...emqx, facts: undefined }], 'products.0.facts', /must say what emqx tells/],
  [
    'no place for the secret',
    [{ ...emqx, secretIn: undefined }],
    'products.0.secretIn',
    /'header'/,
  ],
  ['another place for it', [{ ...emqx, secretIn: 'body' }], 'products.0.secretIn', /'header'/],
  ['one twice', [emqx, vernemq, emqx], 'products.2', /emqx is in the list twice$/],
  ['another one of its name', [emqx, { ...emqx }], 'products.1', /emqx is in the list twice$/],
]

/** What asks nothing that could be decided. */
const mute: typeof refused = [
  ['one that asks nothing', [mosquitto], 'products.0', /mosquitto asks nothing over HTTP$/],
  ['an empty list of questions', [{ ...emqx, questions: [] }], 'products.0', /asks nothing/],
  ['no question', [{ ...emqx, questions: [{}] }], 'products.0', /asks nothing/],
  ['a pattern', [{ ...emqx, questions: [{ ...question, path: '*' }] }], 'products.0', /nothing/],
  ['a slash', [{ ...emqx, questions: [{ ...question, path: 'a/' }] }], 'products.0', /nothing/],
]

/** What tells nothing. */
const silent: typeof refused = [
  ['one that tells nothing', [goAuth], 'products.0', /go-auth tells nothing over HTTP$/],
  ['one of several', [emqx, rabbitmq], 'products.1', /rabbitmq tells nothing over HTTP$/],
]

/** Options that are none. */
const misspelt: readonly (readonly [title: string, options: unknown, key: string, RegExp])[] = [
  ['no options', undefined, 'options', /must be an object/],
  ['null', null, 'options', /must be an object/],
  ['a secret alone', SECRET, 'options', /must be an object/],
  ['another word', { secret: SECRET, product: [emqx] }, 'product', /is no option here: there are/],
  ['a misspelt one', { secret: SECRET, maxBodyByte: 1 }, 'maxBodyByte', /maxBodyBytes/],
]

const presence = presenceTracker({ types: fleet.types })

describe('brokerAuth refuses', () => {
  for (const [title, products, key, problem] of [...refused, ...mute]) {
    test(`${title} (${key})`, () => {
      const options = { secret: SECRET, products } as BrokerAuthOptions
      assert.throws(() => brokerAuth(fleet, options), configError(key, problem))
    })
  }
  for (const [title, options, key, problem] of misspelt) {
    test(`${title} as options (${key})`, () => {
      const given = options as BrokerAuthOptions
      assert.throws(() => brokerAuth(fleet, given), configError(key, problem))
    })
  }
})

describe('brokerEvents refuses', () => {
  for (const [title, products, key, problem] of [...refused, ...silent]) {
    test(`${title} (${key})`, () => {
      const options = { secret: SECRET, presence, products } as BrokerEventsOptions
      assert.throws(() => brokerEvents(fleet, options), configError(key, problem))
    })
  }
  for (const [title, options, key, problem] of misspelt) {
    test(`${title} as options (${key})`, () => {
      const given = options as BrokerEventsOptions
      assert.throws(() => brokerEvents(fleet, given), configError(key, problem))
    })
  }

  for (const [title, given, key] of [
    ['no presence', undefined, 'presence'],
    ['a presence without a method', { connected() {} }, 'presence.disconnected'],
  ] as const) {
    test(`${title} (${key})`, () => {
      const options = { secret: SECRET, presence: given, products: [vernemq] } as never
      assert.throws(() => brokerEvents(fleet, options), configError(key, /must be/))
    })
  }
})

describe('only the products that are handed in are there', () => {
  const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ username: STATION, password, clientid: STATION })
  const paths = [
    ['/emqx/auth', [emqx], 200],
    ['/auth', [emqx], 200],
    ['/auth/', [emqx, vernemq], 200],
    ['/emqx/auth', [vernemq], 404],
    ['/auth', [vernemq], 404],
    ['/acl', [goAuth, vernemq], 404],
    ['/emqx4/auth', [emqx], 404],
  ] as const
  for (const [path, products, status] of paths) {
    test(`${path} with ${products.map(({ name }) => name).join()}: ${status}`, async () => {
      const app = brokerAuth(fleet, { secret: SECRET, products, logger: captureLog() })
      const response = await app.request(path, { method: 'POST', headers, body })
      assert.equal(response.status, status)
    })
  }
})

/** A product with one question, which asks what it is told to and notes what it is given to answer. */
function asking(asked: unknown) {
  const outcomes: QuestionOutcome[] = []
  const only: Question = {
    path: 'only',
    read: () => asked as Asked,
    write(outcome) {
      outcomes.push(outcome)
      return { status: outcome.effect === 'allow' ? 200 : 403, body: '' }
    },
  }
  const product: AskingProduct = { ...vernemq, name: 'own', secretIn: 'header', questions: [only] }
  const log = captureLog()
  const counters = outcomeCounters()
  const app = brokerAuth(fleet, { secret: SECRET, products: [product], logger: log, counters })
  const ask = async (init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${SECRET}` }
    return (await app.request('/own/only', { method: 'POST', headers, body: '{}', ...init })).status
  }
  return { ask, outcomes, log, counters }
}

const publish = (topic: string) =>
  ({ username: STATION, action: 'publish', topic, qos: 0 }) as const
const OWN = publish(`things/${STATION}/data`)
const OWN_TOO = publish(`things/${STATION}/status`)
const FOREIGN = publish('things/pump/P-1/data')

describe('what is asked, and what the product is given to answer', () => {
  const login = { kind: 'login', username: STATION, password } as const
  const all = (...requests: object[]) => ({ kind: 'accesses', need: 'all', requests })
  const any = (...requests: object[]) => ({ kind: 'accesses', need: 'any', requests })
  const rows: readonly (readonly [
    title: string,
    asked: unknown,
    effect: 'allow' | 'deny',
    code: string,
    effects: readonly string[] | undefined,
  ])[] = [
    ['a login', login, 'allow', 'login', undefined],
    ['a wrong one', { ...login, password: 'x' }, 'deny', 'password-wrong', undefined],
    ['an access', { kind: 'access', ...OWN }, 'allow', 'allowed-by-rule', undefined],
    ['another’s', { kind: 'access', ...FOREIGN }, 'deny', 'no-rule-grants', undefined],
    ['all of two', all(OWN, OWN_TOO), 'allow', 'allowed-by-rule', ['allow', 'allow']],
    ['all, the first denied', all(FOREIGN, OWN), 'deny', 'no-rule-grants', ['deny']],
    ['all, the last denied', all(OWN, FOREIGN), 'deny', 'no-rule-grants', ['allow', 'deny']],
    ['any, the first denied', any(FOREIGN, OWN), 'allow', 'allowed-by-rule', ['deny', 'allow']],
    ['any, all denied', any(FOREIGN, FOREIGN), 'deny', 'no-rule-grants', ['deny', 'deny']],
    ['an object without a problem', { kind: 'broker-object' }, 'allow', 'broker-object', undefined],
    ['one with', { kind: 'broker-object', problem: 'no' }, 'deny', 'broker-object', undefined],
    ['a superuser', { kind: 'superuser' }, 'deny', 'superuser', undefined],
  ]
  for (const [title, asked, effect, code, effects] of rows) {
    test(`${title}: ${effect}, ${code}`, async () => {
      const { ask, outcomes } = asking(asked)
      const before = Date.now()
      assert.equal(await ask(), effect === 'allow' ? 200 : 403)
      const [outcome, ...others] = outcomes
      assert.deepEqual(others, [])
      assert.deepEqual(
        [outcome!.effect, outcome!.code, outcome!.effects, outcome!.isTransient],
        [effect, code, effects, false],
      )
      assert.equal(outcome!.asked, asked)
      assert.equal(outcome!.principal?.username, code === 'login' ? STATION : undefined)
      assert.ok(outcome!.now >= before && outcome!.now <= Date.now())
    })
  }

  const nothing: typeof rows = [
    ['all of none', all(), 'deny', 'request-malformed', undefined],
    ['any of none', any(), 'deny', 'request-malformed', undefined],
    ['a kind there is not', { kind: 'everything' }, 'deny', 'failed', undefined],
    ['no kind', {}, 'deny', 'failed', undefined],
    ['nothing', undefined, 'deny', 'failed', undefined],
    ['no list of requests', { kind: 'accesses', need: 'all' }, 'deny', 'failed', undefined],
  ]
  for (const [title, asked, effect, code] of nothing) {
    test(`${title}: ${effect}, ${code}, and nothing is known to be asked`, async () => {
      const { ask, outcomes, counters } = asking(asked)
      assert.equal(await ask(), 403)
      const isTransient = code === 'failed'
      const { now: _, ...outcome } = outcomes[0]!
      assert.deepEqual(outcome, { effect, code, isTransient, asked: undefined })
      assert.deepEqual(
        counters.list().map((counted) => [counted.effect, counted.code, counted.count]),
        [[effect, code, 1]],
      )
    })
  }

  test('without the secret, and by another method, the product answers as well', async () => {
    const { ask, outcomes } = asking({ kind: 'access', ...OWN })
    assert.equal(await ask({ headers: {} }), 403)
    assert.equal(await ask({ method: 'PUT' }), 403)
    assert.deepEqual(
      outcomes.map(({ code, asked }) => [code, asked]),
      [
        ['broker-secret-wrong', undefined],
        ['request-malformed', undefined],
      ],
    )
  })

  test('of a need there is not, the strictest is taken', async () => {
    const { ask } = asking({ kind: 'accesses', need: 'some', requests: [OWN, FOREIGN] })
    assert.equal(await ask(), 403)
  })
})
