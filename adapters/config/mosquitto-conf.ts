/**
 * What every configuration of Mosquitto begins with.
 *
 * @module
 */
import type { ConfigFile } from './generated.ts'

const BEGINNING = [
  'per_listener_settings false',
  'listener 1883',
  'allow_anonymous false',
  'set_tcp_nodelay true',
]

/** `mosquitto.conf` with further lines. */
export function mosquittoConf(lines: readonly string[]): ConfigFile {
  return { path: 'mosquitto.conf', text: `${[...BEGINNING, ...lines].join('\n')}\n` }
}
