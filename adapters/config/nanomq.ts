/**
 * NanoMQ from 0.22 on.
 *
 * @module
 */
import { needPlain, type RoutesAddress, SECRET_PLACEHOLDER } from './address.ts'
import { composeFile } from './compose.ts'
import { type GeneratedConfig, SECRET_NOTE } from './generated.ts'

/** See {@link brokerConfig}. */
export function nanomq(address: RoutesAddress): GeneratedConfig {
  needPlain(address, 'NanoMQ speaks none here')
  return {
    files: [
      { path: 'nanomq.conf', text: nanomqConf(address) },
      {
        path: 'compose.yaml',
        text: composeFile({
          name: 'nanomq',
          image: 'emqx/nanomq:0.25.6',
          asks: address.host,
          mounts: { './nanomq.conf': '/etc/nanomq.conf' },
        }),
      },
    ],
    notes: [SECRET_NOTE],
  }
}

function nanomqConf({ url }: RoutesAddress): string {
  const request = (name: string, path: string, params: string) => [
    `    ${name} {`,
    `      url = "${url}/nanomq/${path}"`,
    '      method = "POST"',
    '      headers.content-type = "application/json"',
    `      headers.authorization = "Bearer ${SECRET_PLACEHOLDER}"`,
    `      params = {${params}}`,
    '    }',
  ]
  return `${[
    'listeners.tcp {',
    '  bind = "0.0.0.0:1883"',
    '}',
    '',
    'auth {',
    '  allow_anonymous = false',
    '  no_match = deny',
    '  deny_action = disconnect',
    '  http_auth = {',
    ...request(
      'auth_req',
      'auth',
      'clientid = "%c", username = "%u", password = "%P", ipaddr = "%a"',
    ),
    ...request('acl_req', 'acl', 'clientid = "%c", username = "%u", access = "%A", topic = "%t"'),
    '    timeout = 5s',
    '    connect_timeout = 5s',
    '    cache_ttl = 0s',
    '  }',
    '}',
  ].join('\n')}\n`
}
