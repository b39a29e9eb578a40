/**
 * What a broker hides or does not keep apart: found beforehand, and decided closed.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { brokerAuth } from '../../adapters/hono/index.ts'
import {
  type AccessRule,
  type BrokerFacts,
  type CompatibilityCode,
  ConfigError,
  createFleet,
  defineDeviceType,
  type Fleet,
  memoryStore,
  type ServiceAccount,
} from '../../src/index.ts'
import type { AskingProduct } from '../../src/product/product.ts'
import { emqx, emqx4, goAuth, nanomq, vernemq } from '../../src/product/products.ts'
import { ASKING } from '../support/products.ts'
import { allow, deny } from './fixture.ts'

/** Tells everything and keeps everything apart. */
const OPEN: BrokerFacts = { qos: true, retain: true, share: true, clientId: true, separators: '' }
/** Takes share names off before it asks. */
const STRIPS: BrokerFacts = { ...OPEN, share: false }
const NO_SHARES: BrokerFacts = { ...OPEN, share: 'none' }
const DOTS: BrokerFacts = { ...OPEN, separators: '.', wildcards: '*' }
const SHOWS_RESERVED: BrokerFacts = { ...OPEN, hidesReserved: false }
/** Takes these off before it asks. */
const STRIPS_ROOTS: BrokerFacts = {
  ...OPEN,
  stripped: { publish: ['$delayed/+'], subscribe: ['$queue', '$delayed/+'] },
}
const TELLS_NOTHING: BrokerFacts = {
  ...OPEN,
  qos: false,
  retain: false,
  clientId: false,
  sessionsBy: 'user-name',
}

const service = (username: string, rules: readonly AccessRule[] | 'hub'): ServiceAccount => ({
  username,
  password: 'password-0123456789',
  rules,
})

const pumpWith = (rules: readonly AccessRule[]) =>
  defineDeviceType('pump', { data: v.object({ rpm: v.number() }), rules })

function fleetWith(rules: readonly AccessRule[], ...services: ServiceAccount[]) {
  const types = [pumpWith(rules)]
  return createFleet({ types, store: memoryStore(), services })
}

function find(rules: readonly AccessRule[], facts: BrokerFacts, ...services: ServiceAccount[]) {
  return fleetWith(rules, ...services)
    .compatibility({ facts })
    .map(({ name, severity, code, rule }) => `${name} ${rule?.filter}: ${severity}, ${code}`)
}

const secret = 'broker-secret-0123456789'

/** Starts the routes. Returns the names of the products that they answer. */
function mounted(
  fleet: Fleet,
  products: readonly AskingProduct[],
  accept: readonly CompatibilityCode[] = [],
): readonly string[] {
  const { routes } = brokerAuth(fleet, { secret, products, accept })
  const names = products.map(({ name }) => name)
  return names.filter((name) => routes.some(({ path }) => path.startsWith(`/${name}/`)))
}

describe('nothing is found', () => {
  const rows: readonly [string, AccessRule, BrokerFacts][] = [
    ['a condition that the broker tells', allow('publish', 'a', { maxQos: 1, retain: true }), OPEN],
    ['a share name that it tells', allow('subscribe', 'a', { share: 'crew' }), OPEN],
    ['a share name of a publish', allow('publish', 'a', { share: 'crew' }), STRIPS],
    ['a share name that is denied, and told', deny('subscribe', 'a', { share: 'crew' }), OPEN],
    ['a share name of a publish that is denied', deny('publish', 'a', { share: 'crew' }), STRIPS],
    ['a retain flag that is denied, and told', deny('publish', 'a', { retain: true }), OPEN],
    [
      'a retain flag of a denied subscription',
      deny('subscribe', 'a', { retain: true }),
      TELLS_NOTHING,
    ],
    ['a client id that it tells', allow('publish', 'a/{clientId}'), OPEN],
    ['a client id that is denied, and told', deny('publish', 'a/{clientId}'), OPEN],
    ['a first wildcard that it keeps from reserved topics', allow('subscribe', '#'), OPEN],
    ['a deny for each share name', deny('subscribe', 'a'), STRIPS],
    ['a dot that it keeps apart', deny('both', 'a.b'), OPEN],
    ['a star that it keeps apart', allow('both', 'a/*'), OPEN],
    ['a star in a deny', deny('both', 'a/*'), DOTS],
    ['a star that is published to', allow('publish', 'a/*'), DOTS],
    ['a wildcard behind the first level', allow('subscribe', 'a/#'), SHOWS_RESERVED],
    ['a first wildcard of a publish', allow('publish', '+/a'), SHOWS_RESERVED],
    ['a first wildcard that is denied', deny('subscribe', '#'), SHOWS_RESERVED],
    ['a retain flag of a subscription', allow('subscribe', 'a', { retain: true }), TELLS_NOTHING],
    ['a root that it leaves as it is', deny('both', '$delayed/#'), OPEN],
    ['a root that it takes off other topics', deny('publish', '$queue/#'), STRIPS_ROOTS],
    ['a topic that is only such a root', deny('subscribe', '$queue'), STRIPS_ROOTS],
    ['such a root without what is behind it', deny('publish', '$delayed/5'), STRIPS_ROOTS],
    ['a root that begins like it', allow('subscribe', '$queues/a'), STRIPS_ROOTS],
    ['such a root further behind', deny('subscribe', 'a/$queue/b'), STRIPS_ROOTS],
    ['a first wildcard, which reaches no such root', deny('both', '#'), STRIPS_ROOTS],
    ['a first level of any name', deny('both', '{site}/a'), STRIPS_ROOTS],
    ['an id that every broker tells', allow('publish', 'a/{deviceId}/{username}'), TELLS_NOTHING],
  ]
  for (const [title, rule, facts] of rows) {
    test(title, () => assert.deepEqual(find([rule], facts), []))
  }
  for (const product of ASKING) {
    test(`the default rules of devices, by ${product.name}`, () => {
      const found = fleetWith([]).compatibility(product)
      assert.deepEqual(
        found.filter(({ kind }) => kind !== 'fleet'),
        [],
      )
    })
  }
})

describe('sessions of others can be ended', () => {
  const rows: readonly [string, Partial<BrokerFacts>, boolean][] = [
    ['client ids are told, and looked at', { clientId: true }, false],
    ['client ids are told, and need not be', { clientId: true, sessionsBy: 'user-name' }, false],
    ['no client id is told, nor needed', { clientId: false, sessionsBy: 'user-name' }, false],
    ['no client id is told', { clientId: false }, true],
    ['no client id is told to find them by', { clientId: false, sessionsBy: 'client-id' }, true],
  ]
  for (const [title, facts, isFound] of rows) {
    test(`${title}: ${isFound ? 'found' : 'nothing is found'}`, () => {
      const found = fleetWith([]).compatibility({ facts: { ...OPEN, ...facts } })
      assert.deepEqual(
        found.map(({ code, severity, kind, name, rule }) => [code, severity, kind, name, rule]),
        isFound ? [['session', 'grants-less', 'fleet', 'things', undefined]] : [],
      )
    })
  }

  for (const product of ASKING) {
    const { name } = product
    test(`by ${name}: ${name === 'auth-plug' ? 'found' : 'nothing is found'}`, () => {
      const codes = fleetWith([])
        .compatibility(product)
        .map(({ code }) => code)
      assert.deepEqual(codes, name === 'auth-plug' ? ['session'] : [])
    })
  }
})

describe('a rule grants less than it says, or stops more', () => {
  const rows: readonly [AccessRule, BrokerFacts, string][] = [
    [allow('publish', 'a.b/c'), DOTS, 'separator'],
    [deny('subscribe', 'a/b.c/#'), DOTS, 'separator'],
    [allow('subscribe', 'a/*/c'), DOTS, 'wildcard'],
    [allow('subscribe', '#'), SHOWS_RESERVED, 'first-level-wildcard'],
    [allow('both', '+/a'), SHOWS_RESERVED, 'first-level-wildcard'],
    [allow('subscribe', 'a', { share: 'crew' }), STRIPS, 'share'],
    [allow('subscribe', 'a', { share: 'crew' }), NO_SHARES, 'share'],
    [deny('subscribe', 'a', { share: 'crew' }), STRIPS, 'share'],
    [allow('publish', 'a', { maxQos: 1 }), TELLS_NOTHING, 'qos'],
    [allow('subscribe', 'a', { maxQos: 2 }), TELLS_NOTHING, 'qos'],
    [allow('publish', 'a', { retain: false }), TELLS_NOTHING, 'retain'],
    [deny('publish', 'a', { retain: true }), TELLS_NOTHING, 'retain'],
    [allow('publish', 'a/{clientId}'), TELLS_NOTHING, 'client-id'],
    [deny('publish', 'a/{clientId}'), TELLS_NOTHING, 'client-id'],
    [allow('publish', '$delayed/5/a'), STRIPS_ROOTS, 'broker-topic'],
    [allow('subscribe', '$queue/a/#'), STRIPS_ROOTS, 'broker-topic'],
  ]
  for (const [rule, facts, code] of rows) {
    test(`${JSON.stringify(rule)}: ${code}`, () => {
      assert.deepEqual(find([rule], facts), [`pump ${rule.filter}: grants-less, ${code}`])
    })
  }

  test('a share name is no matter where the same is granted without one', () => {
    const shared = allow('subscribe', 'work/crew/#', { share: 'crew' })
    assert.deepEqual(find([shared, allow('subscribe', 'work/#')], STRIPS), [])
    assert.deepEqual(find([shared, allow('subscribe', 'work/crew/+')], STRIPS).length, 1)
    assert.deepEqual(
      find([shared, allow('subscribe', 'work/crew/#', { maxQos: 0 })], STRIPS).length,
      1,
    )
  })

  test('each finding says whose rule it is', () => {
    const shared = allow('subscribe', 'work/crew/#', { share: 'crew' })
    const found = fleetWith([shared], service('wall', [shared])).compatibility({ facts: STRIPS })
    const owners = found.map(({ kind, name }) => [kind, name])
    assert.deepEqual(owners, [
      ['type', 'pump'],
      ['service', 'wall'],
    ])
  })

  test('the dot may be in the prefix or in the name of a type', () => {
    const types = [defineDeviceType('pump.v2', { data: v.object({}) })]
    const fleet = createFleet({ types, store: memoryStore(), prefix: 'acme' })
    const found = fleet.compatibility({ facts: DOTS })
    assert.deepEqual(new Set(found.map(({ code }) => code)), new Set(['separator']))
    assert.equal(found.length, 3)
    assert.equal(
      found[0]!.text,
      'pump.v2: the rule to allow publish "acme/pump.v2/{deviceId}/data" grants nothing: the broker takes "." for "/".',
    )
  })
})

describe('somebody could join the share group of another', () => {
  const DATA = 'things/pump/+/data'
  const hub = service('hub', 'hub')
  const rows: readonly [string, AccessRule[], ServiceAccount[], readonly string[]][] = [
    ['a hub alone', [], [hub], []],
    ['a reader of all', [], [hub, service('wall', [allow('subscribe', DATA)])], [`wall ${DATA}`]],
    [
      'a reader of one',
      [],
      [hub, service('wall', [allow('subscribe', 'things/pump/P-1/data')])],
      ['wall things/pump/P-1/data'],
    ],
    ['a reader of something else', [], [hub, service('wall', [allow('subscribe', 'news/#')])], []],
    ['a writer', [], [hub, service('feed', [allow('publish', DATA)])], []],
    ['a second hub', [], [hub, service('hub-2', 'hub')], []],
    [
      'a device that reads its own',
      [allow('subscribe', '{prefix}/{type}/{deviceId}/data')],
      [hub],
      ['pump {prefix}/{type}/{deviceId}/data'],
    ],
    [
      'devices that have a group for all',
      [allow('subscribe', 'work/#'), allow('subscribe', 'work/#', { share: 'crew' })],
      [],
      [],
    ],
    [
      'devices that publish with a share name, which means nothing',
      [allow('subscribe', 'work/#'), allow('publish', 'work/#', { share: 'crew' })],
      [],
      [],
    ],
    [
      'the same, which makes them no members of a group',
      [
        allow('subscribe', 'work/#'),
        allow('publish', 'work/#', { share: 'crew' }),
        allow('subscribe', 'work/{deviceId}', { share: 'crew' }),
      ],
      [],
      ['pump work/#'],
    ],
    [
      'devices that have a group each',
      [allow('subscribe', 'work/#'), allow('subscribe', 'work/{deviceId}', { share: 'crew' })],
      [],
      ['pump work/#'],
    ],
  ]
  for (const [title, rules, services, expected] of rows) {
    test(`${title}: ${expected.join() || 'no'}`, () => {
      const found = expected.map((name) => `${name}: grants-more, share-group`)
      assert.deepEqual(find(rules, STRIPS, ...services), found)
      assert.deepEqual(find(rules, OPEN, ...services), [])
    })
  }

  const fleet = fleetWith([], hub, service('wall', [allow('subscribe', DATA)]))

  test('nobody joins a group that is only denied', () => {
    const denied = service('wall', [deny('subscribe', 'work/#', { share: 'crew' })])
    const found = find([allow('subscribe', 'work/#')], STRIPS, denied)
    assert.deepEqual(found, ['wall work/#: grants-less, share'])
  })

  test('the routes do not start, and say what to do', () => {
    assert.throws(
      () => brokerAuth(fleet, { secret, products: [emqx] }),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.key, 'products')
        assert.equal(
          error.message,
          'products: emqx would grant more than the rules say. wall: the rule to allow subscribe "things/pump/+/data" lets it join the share group "devicehub" of hub and take messages from it: the broker does not tell share names. Change the rule, leave the product out, or take it with accept: [\'share-group\']',
        )
        return true
      },
    )
  })

  test('they start where the broker tells share names, or where it is accepted', () => {
    assert.deepEqual(mounted(fleet, [vernemq]), ['vernemq'])
    assert.deepEqual(mounted(fleet, [emqx], ['share-group']), ['emqx'])
    assert.throws(() => brokerAuth(fleet, { secret, products: [emqx], accept: ['share'] }), {
      name: 'ConfigError',
      key: 'products',
      message: /^products: emqx would grant more than the rules say\. wall: /,
    })
  })

  test('they start with what is granted less, as it was found', () => {
    const less = fleetWith([allow('subscribe', 'a', { share: 'crew' })])
    const found = ASKING.flatMap((product) => less.compatibility(product))
    assert.ok(found.some(({ code }) => code === 'share'))
    assert.deepEqual(new Set(found.map(({ severity }) => severity)), new Set(['grants-less']))
    assert.deepEqual(
      mounted(less, ASKING),
      ASKING.map(({ name }) => name),
    )
  })
})

describe('a deny does not hold for what is taken off before the broker asks', () => {
  const rows: readonly [AccessRule, AskingProduct, number][] = [
    // rule, broker, for how many actions it does not hold
    [deny('publish', '$delayed/#'), emqx, 1],
    [deny('publish', '$delayed/5/a'), emqx, 1],
    [deny('publish', '$delayed/{site}/a'), emqx, 1],
    [deny('both', '$delayed/+/a/#'), emqx, 2],
    [deny('subscribe', '$queue/a'), emqx, 1],
    [deny('subscribe', '$exclusive/+'), emqx, 1],
    [deny('both', '$queue/#'), emqx, 1],
    [deny('publish', '$exclusive/a'), emqx, 0],
    [deny('both', '$SYS/#'), emqx, 0],
    [deny('subscribe', '$queue/a'), emqx4, 1],
    [deny('both', '$exclusive/#'), emqx4, 1],
    [deny('both', '$delayed/#'), emqx4, 0],
    [deny('both', '$queue/#'), vernemq, 0],
    [deny('both', '$delayed/#'), nanomq, 0],
    [deny('both', '$exclusive/#'), goAuth, 0],
  ]
  for (const [rule, product, times] of rows) {
    test(`${JSON.stringify(rule)}: ${product.name} ${times === 0 ? 'starts' : 'does not start'}`, () => {
      const found = Array(times).fill(`pump ${rule.filter}: grants-more, broker-topic`)
      assert.deepEqual(find([rule], product.facts), found)
      const start = (accept: 'broker-topic'[]) => mounted(fleetWith([rule]), [product], accept)
      if (times === 0) assert.deepEqual(start([]), [product.name])
      else assert.throws(() => start([]), { code: 'ERR_CONFIG', key: 'products' })
      assert.deepEqual(start(['broker-topic']), [product.name])
    })
  }

  test('and neither does that of a service account', () => {
    const wall = service('wall', [allow('subscribe', 'news/#'), deny('subscribe', '$queue/news')])
    const found = fleetWith([], wall).compatibility(emqx)
    assert.deepEqual(
      found.map(({ text }) => text),
      [
        'wall: the rule to deny subscribe "$queue/news" stops no subscription: the broker takes "$queue" off, and asks about what is behind it.',
      ],
    )
  })
})

test('explain says what the broker lacks', async () => {
  const fleet = fleetWith([], service('wall', [allow('subscribe', '#')]))
  const {
    text,
    code: reason,
    nearMisses,
  } = await fleet.explain({
    username: 'wall',
    action: 'subscribe',
    topic: '#',
    facts: SHOWS_RESERVED,
  })
  assert.equal(reason, 'broker-unsupported')
  assert.equal(
    text,
    'wall may not subscribe to "#": a wildcard at the first level reaches topics that begin with "$" there.',
  )
  assert.deepEqual(nearMisses, [])
})

describe('a device whose id a broker does not keep apart', () => {
  const pump = pumpWith([])
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  const rows = [
    ['P-1', OPEN, true],
    ['P-2', DOTS, true],
    ['P.1', OPEN, true],
    ['P.2', DOTS, false],
    ['P*', DOTS, false],
  ] as const
  for (const [id, broker, isIn] of rows) {
    test(`${id} ${isIn ? 'may' : 'may not'} log in`, async () => {
      const { username, password } = await fleet.provision(pump, id)
      const login = await fleet.authenticate({
        username,
        password,
        clientId: username,
        facts: broker,
      })
      assert.deepEqual(
        login.effect === 'allow' ? 'allow' : login,
        isIn ? 'allow' : { effect: 'deny', code: 'device-unsupported' },
      )
      const wrong = await fleet.authenticate({ username, password: `${password}0`, facts: broker })
      assert.equal(wrong.effect === 'deny' && wrong.code, 'password-wrong')
    })
  }
})
