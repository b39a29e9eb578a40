/**
 * NanoMQ from 0.22 on.
 *
 * @module
 */
import { needPlain, type RoutesAddress } from '../configuration/address.ts'
import { composeFile } from '../configuration/compose.ts'
import type { GeneratedConfig } from '../configuration/generated.ts'
import { SECRET_PLACEHOLDER, secretNote } from '../configuration/secret.ts'

/** See `BrokerConfiguration`. */
export function configuration(address: RoutesAddress): GeneratedConfig {
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
          // nanomq.conf goes before it. Where that cannot be read or parsed, nobody shall reach it.
          environment: { NANOMQ_BROKER_URL: 'nmq-tcp://127.0.0.1:1883' },
        }),
      },
    ],
    notes: [
      secretNote(),
      'A client needs its user name as client id, or one that begins with it and two slashes: NanoMQ finds a session by its client id alone.',
      'Where nanomq.conf cannot be read or parsed, nobody outside of the container reaches NanoMQ; without docker, start it with NANOMQ_BROKER_URL=nmq-tcp://127.0.0.1:1883 in its environment, and look for "invalid data to parse!" in its output.',
    ],
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
    '# Each question holds a thread until it is answered. With all threads held by questions nobody',
    '# reads the answers, so there is one question at a time.',
    'system {',
    '  parallel = 1',
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
