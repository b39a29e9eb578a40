/**
 * The example with a second protocol, CoAP beside MQTT, as a person runs it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

test('a soil sensor over CoAP and a weather station over MQTT are one fleet', () => {
  const args = ['--import=tsx', 'examples/coap/main.ts']
  const options = { encoding: 'utf8', timeout: 60_000 } as const
  const { stdout, stderr, status } = spawnSync(process.execPath, args, options)
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'heard weatherstation/STATION-1 21.5 °C through default',
    'heard soilsensor/SENSOR-1 31 % through field',
    'answered 2.04 to its data, with 1 message handled',
    'answered 2.05 to its observation',
    'received setInterval {"seconds":60}',
    'replied {"seconds":60}',
    'refused 4.03 data of another',
    'refused 4.03 a command',
    'refused 4.03 to observe another',
    'refused 4.03 a wildcard',
    'refused 4.01 a wrong password',
    'refused 4.01 a revoked device',
    'handled 1 message of soil sensors',
  ])
})
