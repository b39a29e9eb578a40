/**
 * Mosquitto with the plug-ins that ask over HTTP.
 *
 * @module
 */
import { needPlain, type RoutesAddress, SECRET_PLACEHOLDER } from './address.ts'
import { composeFile } from './compose.ts'
import { type GeneratedConfig, SECRET_NOTE } from './generated.ts'
import { boundMosquittoConf, mosquittoConf, PORTS_NOTE } from './mosquitto-conf.ts'

/** With mosquitto-go-auth. See {@link brokerConfig}. */
export function goAuth({ host, port, path, isSecure }: RoutesAddress): GeneratedConfig {
  const uri = (question: string) => `${path}/go-auth/${SECRET_PLACEHOLDER}/${question}`
  return {
    files: [
      mosquittoConf([
        '',
        'auth_plugin /mosquitto/go-auth.so',
        'auth_plugin_deny_special_chars false',
        '',
        'auth_opt_backends http',
        'auth_opt_disable_superuser true',
        `auth_opt_http_host ${host}`,
        `auth_opt_http_port ${port}`,
        `auth_opt_http_getuser_uri ${uri('user')}`,
        `auth_opt_http_aclcheck_uri ${uri('acl')}`,
        'auth_opt_http_method POST',
        'auth_opt_http_params_mode json',
        'auth_opt_http_response_mode status',
        // Without the second no certificate is checked.
        ...(isSecure ? ['auth_opt_http_with_tls true', 'auth_opt_http_verify_peer true'] : []),
        'auth_opt_cache false',
      ]),
      {
        path: 'compose.yaml',
        text: composeFile({
          name: 'mosquitto',
          image: 'iegomez/mosquitto-go-auth:3.0.0-mosquitto_2.0.18',
          asks: host,
          mounts: { './mosquitto.conf': '/etc/mosquitto/mosquitto.conf' },
        }),
      },
    ],
    notes: [SECRET_NOTE],
  }
}

/** With mosquitto-auth-plug. See {@link brokerConfig}. */
export function authPlug(address: RoutesAddress): GeneratedConfig {
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
      SECRET_NOTE,
      PORTS_NOTE,
      'There is no image of this plug-in and so no compose file: build it, and put its path behind auth_plugin.',
    ],
  }
}
