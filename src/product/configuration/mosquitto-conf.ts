/**
 * What every configuration of Mosquitto begins with.
 *
 * @module
 */
import type { ConfigFile } from './generated.ts'

/** Where hubs and administrators connect. */
export const INNER_PORT = 1884

/** Says who goes where. */
export const PORTS_NOTE: string =
  'Devices connect to port 1883, hubs and administrators to port 1884. Let nobody reach 1884 who could be a device: there a login can end the sessions of others.'

const SETTINGS = ['', 'allow_anonymous false', 'set_tcp_nodelay true']

/**
 * Mosquitto finds a session by its client id and lets any login have it: the connection of whom it
 * was made for ends, and what waits for it is lost. So where nobody else looks at client ids, devices
 * get those of their user names. Source: `mosquitto.conf(5)`, `use_username_as_clientid`.
 */
const BOUND_LISTENERS = [
  '# For devices. Whatever client id one brings, its session is that of its user name.',
  'listener 1883',
  'use_username_as_clientid true',
  '',
  '# For hubs and administrators, with client ids of their own: keep devices away from it.',
  `listener ${INNER_PORT}`,
]

/** `mosquitto.conf` with further lines, for a Mosquitto whose plug-in looks at client ids. */
export function mosquittoConf(lines: readonly string[]): ConfigFile {
  return write(['listener 1883', ...SETTINGS.slice(1), ...lines])
}

/** The same for one where nobody does. */
export function boundMosquittoConf(lines: readonly string[]): ConfigFile {
  return write([...BOUND_LISTENERS, ...SETTINGS, ...lines])
}

function write(lines: readonly string[]): ConfigFile {
  return { path: 'mosquitto.conf', text: `${lines.join('\n')}\n` }
}
