/**
 * Mosquitto with mosquitto-go-auth.
 *
 * @module
 */
import type { RoutesAddress } from '../configuration/address.ts'
import { composeFile } from '../configuration/compose.ts'
import type { GeneratedConfig } from '../configuration/generated.ts'
import { mosquittoConf } from '../configuration/mosquitto-conf.ts'
import { SECRET_PLACEHOLDER, secretNote } from '../configuration/secret.ts'

/** See `BrokerConfiguration`. */
export function configuration({ host, port, path, isSecure }: RoutesAddress): GeneratedConfig {
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
    notes: [secretNote()],
  }
}
