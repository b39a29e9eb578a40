/**
 * A client behind a guard: what the rules of its login do not grant is refused with the reasons, and no
 * packet leaves.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { CommandError, ConfigError } from '../../src/base/errors.ts'
import type { Will } from '../../src/broker/broker.ts'
import { type Grants, type GuardOptions, guardedBroker } from '../../src/broker/guarded.ts'
import { memoryBroker } from '../../src/broker/memory.ts'
import { memoryStore } from '../../src/device/memory-store.ts'
import { devicePrincipal } from '../../src/device/principal.ts'
import { createFleet } from '../../src/fleet/create.ts'
import { createHub } from '../../src/hub/create.ts'
import { AccessDeniedError } from '../../src/rule/access-denied.ts'
import type { DecisionCode } from '../../src/rule/decision.ts'
import type { AccessRule } from '../../src/rule/rule.ts'
import { bytes, type Client, clientOf, connectClient } from '../mqtt/client.ts'
import { CONNECT, PUBLISH, SUBSCRIBE, scriptedBroker } from '../mqtt/scripted-broker.ts'
import { allow, deny, pump, station, weatherStation } from '../rule/fixture.ts'
import { within } from '../support/wait.ts'

const quiet = { info: () => {}, warn: () => {}, error: () => {} }
const payload = bytes('{}')

function makeGuarded(grants: Grants, config: BrokerConfig, options?: GuardOptions): Client {
  return clientOf(guardedBroker(mqtt(config), grants, options))
}

async function connectGuarded(
  grants: Grants,
  config: BrokerConfig,
  options?: GuardOptions,
): Promise<Client> {
  const client = makeGuarded(grants, config, options)
  await client.connect()
  return client
}

function isDenial(reason: DecisionCode, text: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof AccessDeniedError)
    assert.equal(error.code, 'ERR_BROKER_NOT_AUTHORIZED')
    assert.equal(error.reasonCode, undefined)
    assert.equal(error.explanation.effect, 'deny')
    assert.equal(error.explanation.code, reason)
    assert.equal(error.message, error.explanation.text)
    assert.match(error.message, text)
    return true
  }
}

const RULES = station([
  allow('publish', 'low/{deviceId}', { maxQos: 0 }),
  allow('publish', 'kept/{deviceId}', { retain: true }),
  allow('publish', 'client/{clientId}'),
  allow('subscribe', 'news/#'),
  allow('subscribe', 'work/#', { share: 'crew' }),
  deny('subscribe', 'news/secret/#'),
])
const OWN = 'things/weatherstation/STATION-001'
const OTHER = 'things/weatherstation/STATION-002'

describe('a publish', () => {
  type Sent = { topic: string; qos?: 0 | 1 | 2; retain?: boolean }
  const granted: Sent[] = [
    { topic: `${OWN}/data` },
    { topic: `${OWN}/data`, qos: 2, retain: true },
    { topic: `${OWN}/status` },
    { topic: `${OWN}/reply` },
    { topic: `low/STATION-001`, qos: 0 },
    { topic: `kept/STATION-001`, retain: true },
    { topic: 'client/c-1' },
  ]
  const denied: [Sent, DecisionCode, RegExp][] = [
    [{ topic: `${OTHER}/data` }, 'no-rule-grants', /belongs to the device "STATION-002"/],
    [{ topic: `${OTHER}/data`, qos: 0 }, 'no-rule-grants', /belongs to the device/],
    [{ topic: `${OWN}/cmd` }, 'no-rule-grants', /only to subscribe, not to publish/],
    [{ topic: `${OWN}/data/more` }, 'no-rule-grants', /it may publish only to/],
    [{ topic: '$SYS/broker' }, 'no-rule-grants', /it may publish only to/],
    [{ topic: 'low/STATION-001' }, 'no-rule-grants', /up to QoS 0, and QoS 1 was asked for/],
    [{ topic: 'kept/STATION-001' }, 'no-rule-grants', /only with the retain flag/],
    [{ topic: 'client/c-2' }, 'no-rule-grants', /it may publish only to|another device/],
  ]

  for (const message of granted) {
    test(`${JSON.stringify(message)} is sent`, async () => {
      await using server = await scriptedBroker()
      const own = { clientId: 'c-1' }
      await using client = await connectGuarded(RULES, { url: server.url, ...own }, own)
      const publish = { ...message, qos: message.qos === 2 ? 1 : (message.qos ?? 1) } as const
      await within(client.broker.publish({ ...publish, payload }), 'publish')
      await within(client.broker.subscribe([{ filter: 'news/a' }]), 'what comes after it')
      assert.deepEqual(server.packets, [CONNECT, PUBLISH, SUBSCRIBE])
    })
  }

  for (const [message, reason, text] of denied) {
    test(`${JSON.stringify(message)} is refused, and nothing is sent`, async () => {
      await using server = await scriptedBroker()
      const own = { clientId: 'c-1' }
      await using client = await connectGuarded(RULES, { url: server.url, ...own }, own)
      await assert.rejects(client.broker.publish({ ...message, payload }), isDenial(reason, text))
      // Packets are sent in order: had there been one, it would be there when this is answered.
      await within(client.broker.subscribe([{ filter: 'news/a' }]), 'what comes after it')
      assert.deepEqual(server.packets, [CONNECT, SUBSCRIBE])
    })
  }

  test('is refused for its rules even while there is no connection', async () => {
    const broker = guardedBroker(mqtt(), RULES)
    const message = { topic: `${OTHER}/data`, payload }
    await assert.rejects(broker.publish(message), isDenial('no-rule-grants', /STATION-002/))
    await broker.close()
  })
})

describe('a subscription', () => {
  type Asked = { filter: string; shared?: boolean; qos?: 0 | 1 | 2 }
  const granted: Asked[] = [
    { filter: `${OWN}/cmd`, qos: 2 },
    { filter: 'news/a' },
    { filter: 'news/sport/+' },
    { filter: 'work/#', shared: true },
    { filter: 'work/a', shared: true },
  ]
  const denied: [Asked, DecisionCode, RegExp][] = [
    [{ filter: 'things/weatherstation/+/cmd' }, 'no-rule-grants', /"\+" asks for every name/],
    [{ filter: '#' }, 'denied-by-rule', /a rule denies "news\/secret\/#"/],
    [{ filter: 'news/#' }, 'denied-by-rule', /a rule denies "news\/secret\/#"/],
    [{ filter: 'news/+/x' }, 'denied-by-rule', /a deny wins/],
    [{ filter: `${OWN}/data` }, 'no-rule-grants', /only to publish, not to subscribe/],
    [{ filter: 'work/a' }, 'no-rule-grants', /under the share name "crew"/],
    [{ filter: 'news/a', shared: true }, 'no-rule-grants', /without a share name/],
  ]

  for (const subscription of granted) {
    test(`${JSON.stringify(subscription)} is made`, async () => {
      await using server = await scriptedBroker()
      const own = { shareName: 'crew' }
      await using client = await connectGuarded(RULES, { url: server.url, ...own }, own)
      const [result] = await within(client.broker.subscribe([subscription]), 'subscription')
      assert.equal(result?.filter, subscription.filter)
      assert.deepEqual(server.packets, [CONNECT, SUBSCRIBE])
    })
  }

  for (const [subscription, reason, text] of denied) {
    test(`${JSON.stringify(subscription)} is refused, and nothing is sent`, async () => {
      await using server = await scriptedBroker()
      const own = { shareName: 'crew' }
      await using client = await connectGuarded(RULES, { url: server.url, ...own }, own)
      await assert.rejects(client.broker.subscribe([subscription]), isDenial(reason, text))
      await within(client.broker.publish({ topic: `${OWN}/data`, payload }), 'what comes after it')
      assert.deepEqual(server.packets, [CONNECT, PUBLISH])
    })
  }

  test('that is refused leaves the others standing', async () => {
    await using server = await scriptedBroker()
    await using client = await connectGuarded(RULES, { url: server.url })
    const both = [{ filter: '#' }, { filter: 'news/a' }]
    await assert.rejects(client.broker.subscribe(both), isDenial('denied-by-rule', /news/))
    assert.deepEqual(server.filters, ['news/a'])
  })
})

test('without a guard everything is sent', async () => {
  await using server = await scriptedBroker()
  await using client = await connectClient({ url: server.url })
  await within(client.broker.publish({ topic: `${OTHER}/data`, payload }), 'publish')
  await within(client.broker.subscribe([{ filter: '#' }]), 'subscription')
  assert.deepEqual(server.packets, [CONNECT, PUBLISH, SUBSCRIBE])
})

describe('a will', () => {
  const topic = 'things/pump/P-1/status'
  const rule = (more: Partial<AccessRule> = {}): AccessRule => ({
    effect: 'allow',
    actions: ['publish'],
    filter: topic,
    ...more,
  })
  const will: Will = { topic, payload }

  for (const [title, rules, extra] of [
    ['its topic', [rule()], {}],
    ['retaining it', [rule({ retain: true })], { retain: true }],
    ['its QoS', [rule({ maxQos: 1 })], { qos: 1 }],
  ] as const) {
    test(`may go along where a rule grants ${title}`, async () => {
      await using server = await scriptedBroker()
      await using client = makeGuarded({ username: 'hub', rules }, { url: server.url })
      await client.connect(undefined, { ...will, ...extra })
      assert.equal(server.logins.items[0]?.will?.topic, topic)
    })
  }

  for (const [title, rules, extra] of [
    ['no rule grants', [], {}],
    ['a rule grants another topic of', [rule({ filter: 'things/pump/P-2/status' })], {}],
    ['a rule grants subscribing alone to', [rule({ actions: ['subscribe'] })], {}],
    ['a rule denies', [rule(), rule({ effect: 'deny' })], {}],
    ['a rule grants unretained', [rule({ retain: false })], { retain: true }],
    ['a rule grants with a lower QoS', [rule({ maxQos: 0 })], {}],
  ] as const) {
    test(`that ${title} is refused, and nothing is dialled`, async () => {
      await using server = await scriptedBroker()
      const config = { url: server.url, waitForBroker: true }
      await using client = makeGuarded({ username: 'hub', rules }, config)
      const { broker } = client
      const connecting = broker.connect({ onMessage() {}, will: { ...will, ...extra } })
      const expected = { code: 'ERR_BROKER_NOT_AUTHORIZED', name: 'AccessDeniedError' }
      await within(assert.rejects(connecting, expected), 'rejection')
      assert.equal(server.connections, 0)
      await client.connect()
    })
  }
})

test('a message that is refused does not wait in the offline queue', async () => {
  await using server = await scriptedBroker()
  const config = { url: server.url, offlineQueue: {} }
  await using client = await connectGuarded({ username: 'hub', rules: [] }, config)
  server.disconnect(0x8b)
  await client.statuses.reach(2, 'statuses')
  const publish = client.broker.publish({ topic: 'a', payload })
  await assert.rejects(publish, { code: 'ERR_BROKER_NOT_AUTHORIZED' })
})

test('what is asked before the first connection is refused as well', async () => {
  await using server = await scriptedBroker()
  const device = devicePrincipal(pump, 'P-1')
  const credentials = () => ({ username: device.username, password: 'p' })
  await using client = makeGuarded(device, { url: server.url, credentials })
  const publish = client.broker.publish({ topic: 'things/pump/P-2/data', payload })
  await assert.rejects(publish, AccessDeniedError)
})

describe('grants are refused', () => {
  const rows: [string, unknown][] = [
    ['that were not found', undefined],
    ['that are null', null],
    ['that are a user name', 'weatherstation/STATION-001'],
    ['without rules', { kind: 'device', username: 'a', attributes: {} }],
    ['without a user name', { kind: 'device', rules: [], attributes: {} }],
  ]
  for (const [title, value] of rows) {
    test(title, () => {
      const guard = () => guardedBroker(memoryBroker(), value as Grants)
      assert.throws(guard, new ConfigError('grants', 'must have a username and rules'))
    })
  }
})

// The runner tells what is skipped, and why.
const skip = 'Deno' in globalThis && 'the embedded broker does not run on Deno'

describe('on a broker that keeps the same rules', { skip }, () => {
  test('a device has nothing denied that left it', async () => {
    const fleet = createFleet({ types: [weatherStation], store: memoryStore() })
    const { username, password, topics } = await fleet.provision(weatherStation, 'STATION-001')
    const denials: unknown[] = []
    const onDenied = (denial: unknown) => denials.push(denial)
    await using server = await embeddedBroker(fleet, { port: 0, logger: quiet, onDenied })
    const principal = devicePrincipal(weatherStation, 'STATION-001')
    assert.deepEqual(principal, await fleet.findPrincipal(username))
    await using client = await connectGuarded(principal, { url: server.url, username, password })
    await client.broker.publish({ topic: topics.data, payload })
    await client.broker.subscribe([{ filter: topics.cmd }])
    await assert.rejects(client.broker.publish({ topic: topics.cmd, payload }), AccessDeniedError)
    await assert.rejects(client.broker.subscribe([{ filter: '#' }]), AccessDeniedError)
    assert.deepEqual(denials, [])
  })

  test('a hub is told which of its rules is missing, when it starts and when it commands', async () => {
    const password = 'only-for-this-test'
    const watch = allow('subscribe', 'things/#')
    const fleet = createFleet({
      types: [pump],
      store: memoryStore(),
      services: [
        { username: 'blind', password, rules: [] },
        { username: 'mute', password, rules: [watch, { ...watch, share: 'devicehub' }] },
      ],
    })
    await fleet.provision(pump, 'P-1')
    await using server = await embeddedBroker(fleet, { port: 0, logger: quiet })
    const connect = async (username: string) =>
      createHub(fleet, {
        brokers: {
          default: guardedBroker(
            mqtt({ url: server.url, username, password }),
            (await fleet.findPrincipal(username))!,
          ),
        },
        logger: quiet,
      })
    await using blind = await connect('blind')
    await assert.rejects(within(blind.start(), 'start'), /blind may not subscribe to ".*": no rule/)

    await using mute = await connect('mute')
    await within(mute.start(), 'start')
    await assert.rejects(mute.device(pump, 'P-1').send('stop'), (error) => {
      assert.ok(error instanceof CommandError)
      assert.equal(error.code, 'ERR_COMMAND_NOT_AUTHORIZED')
      assert.match(
        error.message,
        /mute may not publish to "things\/pump\/P-1\/cmd": its rule grants "things\/#" only to subscribe/,
      )
      return true
    })
  })
})
