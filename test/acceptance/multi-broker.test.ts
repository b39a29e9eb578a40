/**
 * The example with three brokers, as a person runs it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

test('each message goes through its own broker only, one of them with TLS', () => {
  const args = ['--import=tsx', 'examples/multi-broker/main.ts']
  const options = { encoding: 'utf8', timeout: 60_000 } as const
  const { stdout, stderr, status } = spawnSync(process.execPath, args, options)
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  const lines = stdout.trimEnd().split('\n')
  const starting = (word: string) => lines.filter((line) => line.startsWith(`${word} `)).sort()

  const urls = starting('broker').map((line) => line.replace(/:\d+$/, ''))
  assert.deepEqual(urls, [
    'broker cloud is mqtt://127.0.0.1',
    'broker default is mqtt://127.0.0.1',
    'broker lorawan is mqtts://127.0.0.1',
  ])
  assert.equal(new Set(starting('broker')).size, 3)
  // What the stray node says on another broker is not heard.
  assert.deepEqual(starting('heard'), [
    'heard cloudsensor/SENSOR-1 18 °C through cloud',
    'heard loranode/NODE-1 4.5 °C through lorawan',
    'heard weatherstation/STATION-1 21.5 °C through default',
    'heard weatherstation/STATION-1 22 °C through default',
  ])
  assert.deepEqual(starting('answered'), ['answered loranode/NODE-1 {"seconds":60}'])
  assert.deepEqual(starting('carried'), [
    'carried by cloud things/cloudsensor/SENSOR-1/data',
    'carried by default things/loranode/NODE-1/data',
    'carried by default things/weatherstation/STATION-1/data',
    'carried by default things/weatherstation/STATION-1/data',
    'carried by lorawan things/loranode/NODE-1/cmd',
    'carried by lorawan things/loranode/NODE-1/data',
    'carried by lorawan things/loranode/NODE-1/reply',
  ])
  assert.equal(lines.length, 15)
})
