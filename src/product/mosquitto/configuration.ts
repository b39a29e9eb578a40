/**
 * Mosquitto as packages have it, for `devicehub/mosquitto`: nothing is asked over HTTP.
 *
 * @module
 */
import { composeFile } from '../configuration/compose.ts'
import type { ConfigFile, GeneratedConfig } from '../configuration/generated.ts'
import { boundMosquittoConf, INNER_PORT, PORTS_NOTE } from '../configuration/mosquitto-conf.ts'

const IMAGE = 'eclipse-mosquitto:2.0'
const STATE = [
  'persistence true',
  'persistence_location /mosquitto/data/',
  'pid_file /mosquitto/data/mosquitto.pid',
  '',
]

/** With the dynamic-security plug-in. See `BrokerConfiguration`. */
export function dynsecConfiguration(): GeneratedConfig {
  return {
    files: [
      boundMosquittoConf([
        ...STATE,
        'plugin /usr/lib/mosquitto_dynamic_security.so',
        'plugin_opt_config_file /mosquitto/data/dynamic-security.json',
      ]),
      compose({ './mosquitto.conf': '/mosquitto/config/mosquitto.conf' }),
    ],
    notes: [
      PORTS_NOTE,
      'Make the administrator before the first start (2.1 makes a document of its own where there is none, with an administrator whose password is in MOSQUITTO_DYNSEC_PASSWORD): docker compose run --rm mosquitto mosquitto_ctrl dynsec init /mosquitto/data/dynamic-security.json admin "$ADMIN_PASSWORD"',
      'Debian has the plug-in at /usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so, data in /var/lib/mosquitto/ and the pid in /run/mosquitto/. Without a container write "listener 1883 127.0.0.1", and 1884 likewise.',
    ],
  }
}

/** With a password file and an ACL file. See `BrokerConfiguration`. */
export function filesConfiguration(): GeneratedConfig {
  return {
    files: [
      boundMosquittoConf([
        ...STATE,
        'password_file /mosquitto/auth/passwords',
        'acl_file /mosquitto/auth/acl',
      ]),
      compose({
        './mosquitto.conf': '/mosquitto/config/mosquitto.conf',
        './auth': '/mosquitto/auth',
      }),
    ],
    notes: [
      PORTS_NOTE,
      'Write both files to auth/ with writeMosquittoFiles before the first start, and give them to the user of the container: chown 1883:1883 auth/*. Have them read again with: docker compose kill -s HUP mosquitto',
      'Never remove a file or take it from that user: what cannot be read again counts as no access rules at all in Mosquitto 2.0, and ends Mosquitto 2.1.',
      'On Debian they are best kept in /etc/mosquitto/, data in /var/lib/mosquitto/ and the pid in /run/mosquitto/. Without a container write "listener 1883 127.0.0.1", and 1884 likewise.',
    ],
  }
}

function compose(mounts: Readonly<Record<string, string>>): ConfigFile {
  const service = { name: 'mosquitto', image: IMAGE, mounts, ports: [INNER_PORT] }
  const text = composeFile({ ...service, data: '/mosquitto/data' })
  return { path: 'compose.yaml', text }
}
