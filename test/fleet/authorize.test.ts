/**
 * What a client known by its user name may do, and why.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AccessRule, memoryStore, type NamedAccessRequest } from '../../src/index.ts'
import { makeFleet, pump, tampering, weatherStation } from './fixture.ts'

const RULES: AccessRule[] = [
  { effect: 'allow', actions: ['publish'], filter: 'clients/{clientId}/log' },
  { effect: 'allow', actions: ['publish'], filter: 'users/{username}/log' },
]

const store = memoryStore()
const fleet = makeFleet({ store })
await fleet.provision(weatherStation, 'STATION-001', { rules: RULES })
await fleet.provision(pump, 'P-1', { attributes: { site: 'north' } })
await fleet.provision(pump, 'P-2', { username: 'legacy-7', rules: RULES })
await fleet.provision(pump, 'P-3')
await fleet.revoke(pump, 'P-3')

const STATION = 'weatherstation/STATION-001'
const OWN = 'things/weatherstation/STATION-001'

type Row = [
  username: string | undefined,
  action: 'publish' | 'subscribe',
  topic: string,
  clientId?: string,
]

describe('granted', () => {
  const rows: Row[] = [
    [STATION, 'publish', `${OWN}/data`],
    [STATION, 'publish', `${OWN}/reply`],
    [STATION, 'subscribe', `${OWN}/cmd`],
    [STATION, 'publish', 'clients/c-1/log', 'c-1'],
    [STATION, 'publish', `users/${STATION}/log`],
    ['pump/P-1', 'publish', 'things/pump/P-1/status'],
    ['pump/P-1', 'subscribe', 'sites/north/alarms'],
    ['legacy-7', 'publish', 'things/pump/P-2/data'],
    ['legacy-7', 'publish', 'users/legacy-7/log'],
    ['hub', 'subscribe', '$share/devicehub/things/weatherstation/+/data'],
    ['hub', 'publish', 'things/pump/P-1/cmd'],
  ]
  for (const [username, action, topic, clientId] of rows) {
    test(`${username} may ${action} ${topic}`, async () => {
      const decision = await fleet.authorize({ username, action, topic, clientId })
      assert.equal(decision.effect, 'allow')
      assert.equal(decision.code, 'allowed-by-rule')
    })
  }
})

describe('denied', () => {
  const rows: [...Row, reason: string][] = [
    [STATION, 'publish', 'things/weatherstation/STATION-002/data', undefined, 'no-rule-grants'],
    [STATION, 'subscribe', 'things/weatherstation/+/cmd', undefined, 'no-rule-grants'],
    [STATION, 'subscribe', '#', undefined, 'no-rule-grants'],
    [STATION, 'subscribe', '$SYS/#', undefined, 'no-rule-grants'],
    [STATION, 'publish', `${OWN}/#`, undefined, 'topic-malformed'],
    [STATION, 'publish', 'clients/c-1/log', 'c-2', 'no-rule-grants'],
    [STATION, 'publish', 'clients/c-1/log', undefined, 'no-rule-grants'],
    [STATION, 'publish', 'clients/c-1/log', '+', 'no-rule-grants'],
    [STATION, 'publish', 'clients/a/b/log', 'a/b', 'no-rule-grants'],
    [STATION, 'publish', 'clients//log', '', 'no-rule-grants'],
    [STATION, 'publish', 'users/weatherstation/STATION-002/log', undefined, 'no-rule-grants'],
    ['pump/P-1', 'publish', 'things/pump/P-1/reply', undefined, 'no-rule-grants'],
    ['pump/P-1', 'subscribe', 'sites/south/alarms', undefined, 'no-rule-grants'],
    ['pump/P-1', 'subscribe', 'sites/+/alarms', undefined, 'no-rule-grants'],
    ['legacy-7', 'subscribe', 'sites/north/alarms', undefined, 'no-rule-grants'],
    ['legacy-7', 'publish', 'things/pump/legacy-7/data', undefined, 'no-rule-grants'],
    ['pump/P-2', 'publish', 'things/pump/P-2/data', undefined, 'principal-unknown'],
    ['pump/P-3', 'publish', 'things/pump/P-3/data', undefined, 'principal-unknown'],
    ['pump/P-9', 'publish', 'things/pump/P-9/data', undefined, 'principal-unknown'],
    ['pump/+', 'publish', 'things/pump/P-1/data', undefined, 'principal-unknown'],
    ['PUMP/P-1', 'publish', 'things/pump/P-1/data', undefined, 'principal-unknown'],
    ['', 'publish', 'things/pump/P-1/data', undefined, 'principal-unknown'],
    [undefined, 'publish', 'things/pump/P-1/data', undefined, 'principal-unknown'],
    ['x'.repeat(100_000), 'publish', 'a', undefined, 'principal-unknown'],
    ['hub', 'publish', 'things/pump/P-1/data', undefined, 'no-rule-grants'],
    ['hub', 'subscribe', 'things/#', undefined, 'no-rule-grants'],
    ['hub', 'subscribe', '#', undefined, 'no-rule-grants'],
  ]
  for (const [username, action, topic, clientId, reason] of rows) {
    const who = `${username?.slice(0, 40)}${clientId === undefined ? '' : ` as ${clientId}`}`
    test(`${who} may not ${action} ${topic}: ${reason}`, async () => {
      const decision = await fleet.authorize({ username, action, topic, clientId })
      assert.deepEqual(decision, { effect: 'deny', code: reason })
    })
  }

  test('by a rule of the device itself', async () => {
    const rules: AccessRule[] = [{ effect: 'deny', actions: ['publish'], filter: '+/+/+/status' }]
    await fleet.provision(pump, 'P-4', { rules })
    const publish = (channel: string): NamedAccessRequest => ({
      username: 'pump/P-4',
      action: 'publish',
      topic: `things/pump/P-4/${channel}`,
    })
    assert.equal((await fleet.authorize(publish('data'))).effect, 'allow')
    assert.deepEqual(await fleet.authorize(publish('status')), {
      effect: 'deny',
      code: 'denied-by-rule',
      rule: rules[0],
    })
  })
})

test('an attribute in a record takes the place of no value of the device’s own', async () => {
  const attributes = { deviceId: 'P-2', type: 'weatherstation', prefix: 'x', username: 'hub' }
  const tampered = makeFleet({ store: tampering(store, (found) => ({ ...found, attributes })) })
  const publish = (topic: string): NamedAccessRequest => ({
    username: 'pump/P-1',
    action: 'publish',
    topic,
  })
  assert.equal((await tampered.authorize(publish('things/pump/P-1/data'))).effect, 'allow')
  for (const topic of ['things/pump/P-2/data', 'x/pump/P-1/data', 'users/hub/log']) {
    assert.equal((await tampered.authorize(publish(topic))).effect, 'deny', topic)
  }
})

test('with the store’s own error when the store fails', async () => {
  const broken = { ...store, findByUsername: async () => Promise.reject(new Error('no disk')) }
  const request: NamedAccessRequest = { username: STATION, action: 'publish', topic: 'a' }
  const out = makeFleet({ store: broken })
  await assert.rejects(out.authorize(request), /no disk/)
  await assert.rejects(out.explain(request), /no disk/)
})

describe('an explanation by user name', () => {
  const rows: [...Row, text: string][] = [
    [
      STATION,
      'subscribe',
      'things/weatherstation/+/cmd',
      undefined,
      `${STATION} may not subscribe to "things/weatherstation/+/cmd": its rule grants "${OWN}/cmd" only, and "+" asks for every name in place of "STATION-001".`,
    ],
    [
      STATION,
      'publish',
      'clients/c-1/log',
      'c-1',
      `${STATION} may publish to "clients/c-1/log": its rule grants "clients/c-1/log".`,
    ],
    [
      STATION,
      'publish',
      'clients/c-1/log',
      'c-2',
      `${STATION} may not publish to "clients/c-1/log": its rule grants "clients/c-2/log" only; that topic belongs to another device.`,
    ],
    [
      'pump/P-3',
      'publish',
      'things/pump/P-3/data',
      undefined,
      'pump/P-3 may not publish to "things/pump/P-3/data": no active device, service account or token has this user name.',
    ],
    [
      undefined,
      'publish',
      'a',
      undefined,
      'A client without a user name may not publish to "a": access is granted by user name.',
    ],
    [
      'hub',
      'publish',
      'a+',
      undefined,
      'hub may not publish to "a+": a name holds no wildcard, "+" or "#".',
    ],
  ]
  for (const [username, action, topic, clientId, text] of rows) {
    test(text, async () => {
      const request = { username, action, topic, clientId }
      const why = await fleet.explain(request)
      assert.equal(why.text, text)
      const { effect, code: reason } = await fleet.authorize(request)
      assert.deepEqual([why.effect, why.code], [effect, reason])
    })
  }
})
