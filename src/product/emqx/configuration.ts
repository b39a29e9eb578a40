/**
 * EMQX 5 and 6.
 *
 * @module
 */
import { type RoutesAddress, SYSTEM_AUTHORITIES } from '../configuration/address.ts'
import { composeFile } from '../configuration/compose.ts'
import type { GeneratedConfig } from '../configuration/generated.ts'
import { SECRET_PLACEHOLDER, secretNote } from '../configuration/secret.ts'

/** The routes answer within 4 s. What comes later would still count, for a question by 30 s. */
const REQUEST_TIMEOUT = '5s'

/** See `BrokerConfiguration`. */
export function configuration(address: RoutesAddress): GeneratedConfig {
  return {
    files: [
      { path: 'emqx.conf', text: emqxConf(address) },
      {
        path: 'compose.yaml',
        text: composeFile({
          name: 'emqx',
          // Before 5.9.2 it lets everybody in for a moment at each start.
          image: 'emqx/emqx:5.10.3',
          asks: address.host,
          mounts: { './emqx.conf': '/opt/emqx/etc/emqx.conf' },
          data: '/opt/emqx/data',
          // Otherwise it is named after its address, and finds its data under that name alone.
          environment: { EMQX_NODE_NAME: 'emqx@127.0.0.1' },
          ports: [18083],
        }),
      },
    ],
    notes: [
      secretNote(),
      'Replace YOUR-NODE-COOKIE and YOUR-DASHBOARD-PASSWORD too: EMQX would use well-known ones.',
      'EMQX 5.9.2 or later: 5.8.6 asks for no password in the first 1.5 seconds after a start. EMQX 6 takes the same file. From 5.9 on the licence is the Business Source License, for one node in production: read it.',
      'What is changed in the dashboard counts at once; what emqx.conf says counts again from the next start.',
    ],
  }
}

function emqxConf({ url, isSecure, host }: RoutesAddress): string {
  const headers = `headers { "content-type" = "application/json", "authorization" = "Bearer ${SECRET_PLACEHOLDER}" }`
  // EMQX checks no certificate unless it is told to.
  const ssl = isSecure
    ? [
        'ssl {',
        `  enable = true, verify = verify_peer, cacertfile = "${SYSTEM_AUTHORITIES}"`,
        `  server_name_indication = "${host}"`,
        '}',
      ]
    : []
  const indent = (spaces: number, lines: readonly string[]) =>
    lines.map((line) => ' '.repeat(spaces) + line)
  return `${[
    'node {',
    '  name = "emqx@127.0.0.1"',
    '  cookie = "YOUR-NODE-COOKIE"',
    '  data_dir = "data"',
    '}',
    'dashboard {',
    '  listeners.http.bind = 18083',
    '  default_password = "YOUR-DASHBOARD-PASSWORD"',
    '}',
    '',
    'listeners.tcp.default { bind = "0.0.0.0:1883", enable_authn = true }',
    'listeners.ssl.default.enable = false',
    'listeners.ws.default.enable = false',
    'listeners.wss.default.enable = false',
    '',
    '# EMQX finds a session by its client id alone. With the user name in front of it, whoever comes',
    '# with the client id of another has a session of their own.',
    `mqtt { clientid_override = "concat([username, '///', clientid])" }`,
    '',
    'authentication = [',
    '  {',
    '    mechanism = password_based',
    '    backend = http',
    '    method = post',
    `    url = "${url}/emqx/auth"`,
    `    request_timeout = ${REQUEST_TIMEOUT}`,
    `    ${headers}`,
    '    body {',
    `      ${placeholders('username', 'password', 'clientid')}`,
    `      ${placeholders('peerhost')}`,
    '    }',
    ...indent(4, ssl),
    '  }',
    ']',
    '',
    'authorization {',
    '  no_match = deny',
    '  deny_action = ignore',
    '  # A denial is kept as well, and also one that is due to a call that failed.',
    '  cache { enable = true, ttl = 10s }',
    '  sources = [',
    '    {',
    '      type = http',
    '      method = post',
    `      url = "${url}/emqx/acl"`,
    `      request_timeout = ${REQUEST_TIMEOUT}`,
    `      ${headers}`,
    '      body {',
    `        ${placeholders('username', 'clientid', 'topic')}`,
    `        ${placeholders('action', 'qos', 'retain')}`,
    '      }',
    ...indent(6, ssl),
    '    }',
    '  ]',
    '}',
  ].join('\n')}\n`
}

/** Fields of a body, each of which EMQX fills in. */
function placeholders(...names: readonly string[]): string {
  return names.map((name) => `${name} = "\${${name}}"`).join(', ')
}
