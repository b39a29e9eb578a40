/**
 * What a device and a hub may do without a rule of their own.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { deviceRules, hubRules } from '../../src/device/default-rules.ts'
import { defineDeviceType } from '../../src/device/type.ts'
import { decide } from '../../src/rule/decide.ts'
import type { AccessRequest } from '../../src/rule/decision.ts'
import type { AccessAction } from '../../src/rule/rule.ts'
import { allow, principal, pump, station, weatherStation } from '../rule/fixture.ts'

const OWN = 'things/weatherstation/STATION-001'
const ACTIONS: readonly AccessAction[] = ['publish', 'subscribe']

describe('a device', () => {
  const granted = [
    `publish ${OWN}/data`,
    `publish ${OWN}/status`,
    `publish ${OWN}/reply`,
    `subscribe ${OWN}/cmd`,
  ]
  const owners = [
    OWN,
    'things/weatherstation/STATION-002',
    'things/pump/STATION-001',
    'other/weatherstation/STATION-001',
    'things/weatherstation/station-001',
  ]
  for (const owner of owners) {
    for (const channel of ['data', 'status', 'cmd', 'reply', 'config', '']) {
      for (const action of ACTIONS) {
        const topic = `${owner}/${channel}`
        const effect = granted.includes(`${action} ${topic}`) ? 'allow' : 'deny'
        test(`${effect === 'allow' ? 'may' : 'may not'} ${action} ${topic}`, () => {
          const decision = decide(station(), { action, topic, qos: 2, retain: false })
          assert.equal(decision.effect, effect)
          assert.equal(decision.code, effect === 'allow' ? 'allowed-by-rule' : 'no-rule-grants')
        })
      }
    }
  }

  test('may leave a retained will, which is a publish, on its own status only', () => {
    const will = (topic: string): AccessRequest => ({ action: 'publish', topic, retain: true })
    assert.equal(decide(station(), will(`${OWN}/status`)).effect, 'allow')
    assert.equal(decide(station(), will('things/weatherstation/STATION-002/status')).effect, 'deny')
    assert.equal(decide(station(), will(`${OWN}/cmd`)).effect, 'deny')
    assert.equal(decide(station(), will('things/#')).code, 'topic-malformed')
  })

  for (const topic of [
    '#',
    '+',
    '+/#',
    '+/+/+/+',
    'things/#',
    'things/+/+/cmd',
    'things/weatherstation/#',
    'things/weatherstation/+/cmd',
    '+/weatherstation/STATION-001/cmd',
    `${OWN}/#`,
    `${OWN}/+`,
    `${OWN}/cmd/#`,
    `${OWN}/cmd/+`,
    `${OWN}/cmd/`,
    `/${OWN}/cmd`,
    OWN,
    `$share/devicehub/${OWN}/cmd`,
    '$share/devicehub/things/weatherstation/+/data',
    `$share/x/${OWN}/cmd`,
    '$share/x/#',
    '$SYS/#',
    '$SYS/broker/clients/total',
    `$queue/${OWN}/cmd`,
    `$exclusive/${OWN}/cmd`,
  ]) {
    test(`may not subscribe ${topic}`, () => {
      const decision = decide(station(), { action: 'subscribe', topic, qos: 0 })
      assert.deepEqual(decision, { effect: 'deny', code: 'no-rule-grants' })
    })
  }

  for (const topic of [
    '',
    '#/cmd',
    `${OWN}/cmd#`,
    `${OWN}/#/cmd`,
    `${OWN}/c+d`,
    '$share',
    '$share/devicehub',
    '$share//a',
    `$share/+/${OWN}/cmd`,
    `${OWN}/cmd\0`,
    `${OWN}/\ud83d`,
    `${OWN}/cmd${'/'.repeat(200)}`,
    `${OWN}/${'x'.repeat(70_000)}`,
  ]) {
    test(`may not subscribe ${JSON.stringify(topic.slice(0, 60))}, which is malformed`, () => {
      const decision = decide(station(), { action: 'subscribe', topic })
      assert.deepEqual(decision, { effect: 'deny', code: 'topic-malformed' })
    })
  }

  for (const topic of [`${OWN}/+`, `${OWN}/#`, '#', '+', '', `${OWN}/data\0`, `${OWN}/\udc00`]) {
    test(`may not publish ${JSON.stringify(topic)}, which is malformed`, () => {
      const decision = decide(station(), { action: 'publish', topic })
      assert.deepEqual(decision, { effect: 'deny', code: 'topic-malformed' })
    })
  }

  for (const topic of [`$share/devicehub/${OWN}/data`, `$delayed/1/${OWN}/data`, '$SYS/x']) {
    test(`may not publish ${topic}`, () => {
      const decision = decide(station(), { action: 'publish', topic })
      assert.deepEqual(decision, { effect: 'deny', code: 'no-rule-grants' })
    })
  }

  test('has no reply channel when no command of its type has a reply', () => {
    const rules = deviceRules(pump, 'things')
    assert.deepEqual(rules, [
      allow('publish', 'things/pump/{deviceId}/data'),
      allow('publish', 'things/pump/{deviceId}/status'),
      allow('subscribe', 'things/pump/{deviceId}/cmd'),
    ])
  })

  test('has its rules on its own template and prefix', () => {
    const valve = defineDeviceType('valve', {
      data: v.unknown(),
      template: 'plant/{channel}/{prefix}/{deviceId}',
    })
    assert.deepEqual(
      deviceRules(valve, 'site').map((rule) => `${rule.actions} ${rule.filter}`),
      [
        'publish plant/data/site/{deviceId}',
        'publish plant/status/site/{deviceId}',
        'subscribe plant/cmd/site/{deviceId}',
      ],
    )
  })

  test('is granted nothing by its rules while its id is not known', () => {
    const nobody = principal(deviceRules(weatherStation, 'things'), { type: 'weatherstation' })
    for (const topic of [`${OWN}/data`, 'things/weatherstation/{deviceId}/data']) {
      assert.equal(decide(nobody, { action: 'publish', topic }).effect, 'deny')
    }
  })
})

describe('a hub', () => {
  const hub = principal(hubRules([weatherStation, pump]))
  const rows: [AccessAction, granted: string[], denied: string[]][] = [
    [
      'subscribe',
      [
        'things/weatherstation/+/data',
        'things/weatherstation/+/status',
        'things/weatherstation/+/reply',
        'things/weatherstation/STATION-001/data',
        'things/pump/+/data',
        '$share/devicehub/things/weatherstation/+/data',
        '$share/devicehub/things/pump/+/status',
      ],
      [
        '#',
        'things/#',
        'things/+/+/data',
        'things/weatherstation/+/+',
        'things/weatherstation/+/cmd',
        'things/pump/+/reply',
        'things/valve/+/data',
        // Each hub waits for the answers to its own commands, so they are not shared out.
        '$share/devicehub/things/weatherstation/+/reply',
        '$share/other/things/weatherstation/+/data',
        '$share/devicehub/#',
        '$SYS/#',
      ],
    ],
    [
      'publish',
      ['things/weatherstation/STATION-001/cmd', 'things/pump/P-1/cmd'],
      [
        'things/weatherstation/STATION-001/data',
        'things/weatherstation/STATION-001/reply',
        'things/valve/V-1/cmd',
        'things/pump/P-1/cmd/x',
        'things/pump/cmd',
        'cmd',
      ],
    ],
  ]
  for (const [action, granted, denied] of rows) {
    for (const topic of granted) {
      test(`may ${action} ${topic}`, () => {
        assert.equal(decide(hub, { action, topic, qos: 1, retain: false }).effect, 'allow')
      })
    }
    for (const topic of denied) {
      test(`may not ${action} ${topic}`, () => {
        assert.equal(decide(hub, { action, topic, qos: 1, retain: false }).effect, 'deny')
      })
    }
  }

  test('has its rules under the prefix and share name it is given', () => {
    const rules = hubRules([pump], { prefix: 'site', shareName: 'blue' })
    assert.deepEqual(rules, [
      allow('subscribe', 'site/pump/+/data'),
      allow('subscribe', 'site/pump/+/status'),
      allow('subscribe', 'site/pump/+/data', { share: 'blue' }),
      allow('subscribe', 'site/pump/+/status', { share: 'blue' }),
      allow('publish', 'site/pump/+/cmd'),
    ])
  })
})
