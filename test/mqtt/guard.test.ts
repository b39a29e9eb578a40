/**
 * A client that keeps a principal's rules: what they do not grant is refused with its reasons, and
 * no packet leaves.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { type MqttConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { CommandError, ConfigError } from '../../src/base/errors.ts'
import { memoryStore } from '../../src/device/memory-store.ts'
import { devicePrincipal } from '../../src/device/principal.ts'
import { createFleet } from '../../src/fleet/create.ts'
import { createHub } from '../../src/hub/create.ts'
import { AccessDeniedError } from '../../src/rule/access-denied.ts'
import type { DecisionCode } from '../../src/rule/decision.ts'
import { allow, deny, principal, pump, station, weatherStation } from '../rule/fixture.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient } from './client.ts'
import { CONNECT, connackProperty, PUBLISH, SUBSCRIBE, scriptedBroker } from './scripted-broker.ts'

const quiet = { info: () => {}, warn: () => {}, error: () => {} }
const payload = bytes('{}')

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
      const config = { url: server.url, principal: RULES, clientId: 'c-1' }
      await using client = await connectClient(config)
      const publish = { ...message, qos: message.qos === 2 ? 1 : (message.qos ?? 1) } as const
      await within(client.broker.publish({ ...publish, payload }), 'publish')
      await within(client.broker.subscribe([{ filter: 'news/a' }]), 'what comes after it')
      assert.deepEqual(server.packets, [CONNECT, PUBLISH, SUBSCRIBE])
    })
  }

  for (const [message, reason, text] of denied) {
    test(`${JSON.stringify(message)} is refused, and nothing is sent`, async () => {
      await using server = await scriptedBroker()
      const config = { url: server.url, principal: RULES, clientId: 'c-1' }
      await using client = await connectClient(config)
      await assert.rejects(client.broker.publish({ ...message, payload }), isDenial(reason, text))
      // Packets are sent in order: had there been one, it would be there when this is answered.
      await within(client.broker.subscribe([{ filter: 'news/a' }]), 'what comes after it')
      assert.deepEqual(server.packets, [CONNECT, SUBSCRIBE])
    })
  }

  test('is refused for its rules even while there is no connection', async () => {
    const broker = mqtt({ principal: RULES })
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
      const config = { url: server.url, principal: RULES, shareName: 'crew' }
      await using client = await connectClient(config)
      const [result] = await within(client.broker.subscribe([subscription]), 'subscription')
      assert.equal(result?.filter, subscription.filter)
      assert.deepEqual(server.packets, [CONNECT, SUBSCRIBE])
    })
  }

  for (const [subscription, reason, text] of denied) {
    test(`${JSON.stringify(subscription)} is refused, and nothing is sent`, async () => {
      await using server = await scriptedBroker()
      const config = { url: server.url, principal: RULES, shareName: 'crew' }
      await using client = await connectClient(config)
      await assert.rejects(client.broker.subscribe([subscription]), isDenial(reason, text))
      await within(client.broker.publish({ topic: `${OWN}/data`, payload }), 'what comes after it')
      assert.deepEqual(server.packets, [CONNECT, PUBLISH])
    })
  }

  test('that is refused leaves the others standing', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url, principal: RULES })
    const both = [{ filter: '#' }, { filter: 'news/a' }]
    await assert.rejects(client.broker.subscribe(both), isDenial('denied-by-rule', /news/))
    assert.deepEqual(server.filters, ['news/a'])
  })

  test('that would be plain in place of a shared one is judged as a plain one', async () => {
    const connect = () => ({ properties: connackProperty.noSharedSubscriptions })
    await using server = await scriptedBroker({ connect })
    const config = { url: server.url, principal: RULES, shareName: 'crew' }
    await using client = await connectClient(config)
    const subscribe = client.broker.subscribe([{ filter: 'work/a', shared: true }])
    await assert.rejects(subscribe, isDenial('no-rule-grants', /under the share name "crew"/))
    assert.deepEqual(server.filters, [])
  })
})

test('without a principal everything is sent', async () => {
  await using server = await scriptedBroker()
  await using client = await connectClient({ url: server.url })
  await within(client.broker.publish({ topic: `${OTHER}/data`, payload }), 'publish')
  await within(client.broker.subscribe([{ filter: '#' }]), 'subscription')
  assert.deepEqual(server.packets, [CONNECT, PUBLISH, SUBSCRIBE])
})

describe('a principal is refused', () => {
  const rows: [string, unknown][] = [
    ['that was not found', undefined],
    ['that is null', null],
    ['that is a user name', 'weatherstation/STATION-001'],
    ['without rules', { kind: 'device', username: 'a', attributes: {} }],
    ['without a user name', { kind: 'device', rules: [], attributes: {} }],
  ]
  for (const [title, value] of rows) {
    test(title, () => {
      const config = { principal: value } as MqttConfig
      assert.throws(() => mqtt(config), new ConfigError('mqtt.principal', 'is no principal'))
    })
  }

  test('that is not the one to log in as', () => {
    const problem = 'is another user name than the one to log in with'
    const config = { principal: principal([]), username: 'somebody', password: 'else' }
    assert.throws(() => mqtt(config), new ConfigError('mqtt.principal', problem))
  })
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
    await using client = await connectClient({ url: server.url, username, password, principal })
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
          default: mqtt({
            url: server.url,
            username,
            password,
            principal: (await fleet.findPrincipal(username))!,
          }),
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

describe('devicePrincipal', () => {
  test('is what the fleet has on record, with everything given at provisioning', async () => {
    const fleet = createFleet({ types: [pump], store: memoryStore(), prefix: 'site' })
    const more = {
      username: 'old-name',
      attributes: { hall: 'H-1' },
      rules: [allow('publish', '{hall}/a')],
    }
    await fleet.provision(pump, 'P-1', more)
    assert.deepEqual(
      devicePrincipal(pump, 'P-1', { prefix: 'site', ...more }),
      await fleet.findPrincipal('old-name'),
    )
  })

  const refused: [string, () => unknown, string][] = [
    ['an id that is a wildcard', () => devicePrincipal(pump, '+'), 'ERR_NAME_INVALID'],
    ['an id of two levels', () => devicePrincipal(pump, 'a/b'), 'ERR_NAME_INVALID'],
    ['a prefix of "$"', () => devicePrincipal(pump, 'a', { prefix: '$' }), 'ERR_NAME_INVALID'],
    [
      'a user name with "#"',
      () => devicePrincipal(pump, 'a', { username: '#' }),
      'ERR_NAME_INVALID',
    ],
    [
      'an attribute that is a wildcard',
      () => devicePrincipal(pump, 'a', { attributes: { hall: '#' } }),
      'ERR_NAME_INVALID',
    ],
    [
      'an attribute named as a placeholder of its own',
      () => devicePrincipal(pump, 'a', { attributes: { deviceId: 'b' } }),
      'ERR_CONFIG',
    ],
    [
      'a rule with a malformed filter',
      () => devicePrincipal(pump, 'a', { rules: [allow('publish', 'a/#/b')] }),
      'ERR_TOPIC_INVALID',
    ],
  ]
  for (const [title, make, code] of refused) {
    test(`refuses ${title}`, () => assert.throws(make, { code }))
  }
})
