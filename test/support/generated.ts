/**
 * The generated configuration of Mosquitto for a test: with its own paths, and with the listener that
 * `startMosquitto` gives it on a free port.
 *
 * @module
 */
import { brokerConfig } from '../../src/product/configuration/broker-config.ts'

/** What a test must not write to. */
const STATE = ['persistence', 'persistence_location']

/**
 * The lines of `mosquitto.conf`, with other values for some of its keys.
 *
 * @param ports Of the listeners for devices and for hubs. Default: the listeners are left out.
 */
export function generatedMosquitto(
  name: 'mosquitto' | 'mosquitto-files',
  values: Readonly<Record<string, string>>,
  ports?: readonly [devices: number, hubs: number],
): readonly string[] {
  const { text } = brokerConfig(name).files.find(({ path }) => path === 'mosquitto.conf')!
  const left = ports ? STATE : [...STATE, 'listener', 'use_username_as_clientid']
  const lines = text.split('\n').filter((line) => !left.includes(line.split(' ')[0]!))
  const keys = lines.map((line) => line.split(' ')[0]!)
  const missing = Object.keys(values).find((key) => !keys.includes(key))
  if (missing !== undefined) throw new Error(`${name} has no ${missing}`)
  const free = [...(ports ?? [])]
  return lines.map((line, i) => {
    if (keys[i] === 'listener') return `listener ${free.shift()} 127.0.0.1`
    const value = values[keys[i]!]
    return value === undefined ? line : `${keys[i]} ${value}`
  })
}
