/**
 * The generated configuration of Mosquitto for a test: with its own paths, and with the listener that
 * `startMosquitto` gives it on a free port.
 *
 * @module
 */
import { brokerConfig } from '../../adapters/config/index.ts'

/** What a test has of its own, or must not write to. */
const OWN = ['listener', 'persistence', 'persistence_location']

/** The lines of `mosquitto.conf`, with other values for some of its keys. */
export function generatedMosquitto(
  name: 'mosquitto' | 'mosquitto-files',
  values: Readonly<Record<string, string>>,
): readonly string[] {
  const { text } = brokerConfig(name).files.find(({ path }) => path === 'mosquitto.conf')!
  const lines = text.split('\n').filter((line) => !OWN.includes(line.split(' ')[0]!))
  const keys = lines.map((line) => line.split(' ')[0]!)
  const missing = Object.keys(values).find((key) => !keys.includes(key))
  if (missing !== undefined) throw new Error(`${name} has no ${missing}`)
  return lines.map((line, i) => {
    const value = values[keys[i]!]
    return value === undefined ? line : `${keys[i]} ${value}`
  })
}
