/**
 * Mosquitto with mosquitto-auth-plug.
 *
 * @module
 */
import { needPlain, type RoutesAddress } from '../configuration/address.ts'
import type { GeneratedConfig } from '../configuration/generated.ts'
import { boundMosquittoConf, PORTS_NOTE } from '../configuration/mosquitto-conf.ts'
import { SECRET_PLACEHOLDER, secretNote } from '../configuration/secret.ts'

/** See `BrokerConfiguration`. */
export function configuration(address: RoutesAddress): GeneratedConfig {
  needPlain(address, 'this plug-in is given a plain one here')
  const { host, port, path } = address
  const uri = (question: string) => `${path}/auth-plug/${SECRET_PLACEHOLDER}/${question}`
  return {
    files: [
      boundMosquittoConf([
        '',
        'auth_plugin /mosquitto/auth-plug.so',
        'auth_opt_backends http',
        `auth_opt_http_ip ${host}`,
        `auth_opt_http_port ${port}`,
        `auth_opt_http_getuser_uri ${uri('user')}`,
        `auth_opt_http_superuser_uri ${uri('superuser')}`,
        `auth_opt_http_aclcheck_uri ${uri('acl')}`,
        'auth_opt_acl_cacheseconds 0',
      ]),
    ],
    notes: [
      secretNote(),
      PORTS_NOTE,
      'There is no image of this plug-in and so no compose file: build it, and put its path behind auth_plugin.',
    ],
  }
}
