/**
 * The numbers of a device that a page keeps: the newest, in room that is there from the beginning.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Series } from '../../adapters/page/client/device/series.ts'

const message = (at: number, numbers: Readonly<Record<string, number>>) =>
  ({ at, channel: 'data', text: '', isCut: false, numbers }) as const

describe('the numbers of a device', () => {
  test('are there by their paths, the declared ones first, in the order of their times', () => {
    const series = new Series(['bar'])
    series.add([message(1_000, { 'motor.rpm': 7, bar: 2 }), message(2_500, { bar: 3 })])
    assert.deepEqual(series.paths.value, ['bar', 'motor.rpm'])
    assert.deepEqual([...series.of('bar').times], [1, 2.5])
    assert.deepEqual([...series.of('bar').values], [2, 3])
    assert.deepEqual([...series.of('motor.rpm').values], [7])
    assert.equal(series.of('bar').added.value, 2)
  })

  test('are those of data, and not of a status', () => {
    const series = new Series([])
    series.add([{ ...message(1_000, { battery_level: 7 }), channel: 'status' }])
    assert.deepEqual(series.paths.value, [])
  })

  test('are the newest 600 of each, and take no more room than at the beginning', () => {
    const series = new Series(['bar'])
    const points = series.of('bar')
    const room = () => points.times.buffer.byteLength + points.values.buffer.byteLength
    const before = room()
    for (let turn = 1; turn <= 1_500; turn++) series.add([message(turn * 1_000, { bar: -turn })])
    assert.equal(room(), before)
    assert.deepEqual([points.times.length, points.times[0], points.times.at(-1)], [600, 901, 1_500])
    assert.deepEqual([points.values[0], points.values.at(-1)], [-901, -1_500])
    assert.equal(points.added.value, 1_500)
  })

  test('are of 32 paths, the first', () => {
    const series = new Series([])
    for (let i = 0; i < 40; i++) series.add([message(1_000, { [`n${i}`]: i })])
    assert.equal(series.paths.value.length, 32)
    series.add([message(2_000, { n31: 1, n32: 1 })])
    assert.equal(series.of('n31').added.value, 2)
    assert.ok(!series.paths.value.includes('n32'))
  })
})
