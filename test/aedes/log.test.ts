/**
 * The log of the embedded broker cannot be filled by clients.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { boundedLog, MAX_QUIET_LINES, QUIET_MS } from '../../adapters/aedes/log.ts'
import { CapturedLog, openSite } from './fixture.ts'

test('a device that tries in a loop is logged once, and reported each time', async () => {
  await using site = await openSite()
  const device = await site.connect(site.p1)
  for (let i = 0; i < 50; i++) device.mqtt.publish('things/pump/P-2/data', '')
  await site.denials.reach(50, 'denials')
  assert.equal(site.log.lines.length, 1)
  await site.broker.close()
  assert.equal(site.log.lines.length, 2)
  assert.match(site.log.lines[1]!, /\(49 more since the last such line\)$/)
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

describe('the bounded log', () => {
  test('writes a repeated line once in its time, with the count', () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const target = new CapturedLog()
      const log = boundedLog(target)
      for (let i = 0; i < 4; i++) log.add('warn', 'a', 'text')
      log.add('info', 'b', 'other')
      assert.deepEqual(target.lines, ['warn: text', 'info: other'])
      mock.timers.tick(QUIET_MS)
      const counted = 'warn: text (3 more since the last such line)'
      assert.deepEqual(target.lines, ['warn: text', 'info: other', counted])
      log.add('warn', 'a', 'text')
      assert.equal(target.lines.length, 3)
      mock.timers.tick(QUIET_MS)
      assert.equal(target.lines.at(-1), 'warn: text (1 more since the last such line)')
      mock.timers.tick(QUIET_MS)
      log.add('warn', 'a', 'text')
      assert.equal(target.lines.at(-1), 'warn: text')
      assert.equal(target.lines.length, 5)
      log.close()
    } finally {
      mock.timers.reset()
    }
  })

  test('bounds how many different lines there are', () => {
    const target = new CapturedLog()
    const log = boundedLog(target)
    for (let i = 0; i < 5_000; i++) log.add('warn', `${i}`, `text ${i}`)
    assert.equal(target.lines.length, MAX_QUIET_LINES + 1)
    log.close()
    assert.match(target.lines.at(-1)!, /\(4899 more since the last such line\)$/)
  })

  test('cuts a long line', () => {
    const target = new CapturedLog()
    const log = boundedLog(target)
    log.error('x'.repeat(10_000))
    assert.ok(target.lines[0]!.length < 700)
    log.close()
  })
})
