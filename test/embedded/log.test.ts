/**
 * The log of the embedded broker cannot be filled by clients.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_FULL_LINES } from '../../src/base/quiet-log.ts'
import { openSite } from './fixture.ts'

test('a device that tries in a loop is logged a few times, and reported each time', async () => {
  await using site = await openSite()
  const device = await site.connect(site.p1)
  for (let i = 0; i < 50; i++) device.mqtt.publish('things/pump/P-2/data', '')
  await site.denials.reach(50, 'denials')
  assert.equal(site.log.lines.length, MAX_FULL_LINES)
  await site.broker.close()
  assert.equal(site.log.lines.length, MAX_FULL_LINES + 1)
  const rest = 50 - MAX_FULL_LINES
  assert.ok(site.log.lines.at(-1)!.endsWith(`(${rest} more since the last such line)`))
})

test('so are clients under names that nobody has', async () => {
  await using site = await openSite()
  for (let i = 0; i < 20; i++) {
    const login = { username: `nobody-${i}`, password: 'x' }
    await assert.rejects(site.connect(login))
  }
  await site.denials.reach(20, 'denials')
  assert.equal(site.log.lines.length, MAX_FULL_LINES)
})

test('what fails in onDenied or in the logger ends no connection', async () => {
  await using site = await openSite({
    onDenied() {
      throw new Error('broken')
    },
  })
  site.log.lines.push = () => {
    throw new Error('broken')
  }
  const device = await site.connect(site.p1)
  await assert.rejects(device.mqtt.publishAsync('x', '', { qos: 1 }), /Not authorized/)
  assert.equal(device.mqtt.connected, true)
})
