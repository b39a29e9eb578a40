/**
 * What the embedded broker denies is told to those who listen to the denials of its fleet, each once.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeniedEvent } from '../../src/index.ts'
import { Collector } from '../support/wait.ts'
import { openSite } from './fixture.ts'

test('logins, publishes and subscriptions that are denied are told by the fleet, each once', async () => {
  await using site = await openSite()
  const told = new Collector<DeniedEvent>()
  const stop = site.fleet.onDenied(told.push)
  await assert.rejects(site.connect({ ...site.p1, password: 'guess' }))
  const { mqtt } = await site.connect(site.p1)
  await assert.rejects(mqtt.publishAsync('things/pump/P-2/data', '{}', { qos: 1 }))
  await mqtt.publishAsync('things/pump/P-1/data', '{}', { qos: 1 })
  await mqtt.subscribeAsync('things/pump/+/cmd').catch(() => {})
  const events = await told.reach(3, 'denials told')
  const seen = events.map(({ action, username, topic, code }) => [action, username, topic, code])
  assert.deepEqual(seen, [
    ['connect', 'pump/P-1', undefined, 'password-wrong'],
    ['publish', 'pump/P-1', 'things/pump/P-2/data', 'no-rule-grants'],
    ['subscribe', 'pump/P-1', 'things/pump/+/cmd', 'no-rule-grants'],
  ])
  // In the same words as the broker's own.
  const own = await site.denials.reach(3, 'denials')
  assert.deepEqual(
    events.map((denied) => denied.explain()),
    own.map(({ text }) => text),
  )
  stop()
  await mqtt.subscribeAsync('news/internal/x').catch(() => {})
  await site.denials.reach(4, 'denials')
  assert.equal(told.items.length, 3)
})
