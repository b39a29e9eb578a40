/**
 * EMQX 4, through its plug-in `emqx_auth_http`.
 *
 * @module
 */
import { needPlain, type RoutesAddress } from '../configuration/address.ts'
import { composeFile } from '../configuration/compose.ts'
import type { ConfigFile, GeneratedConfig } from '../configuration/generated.ts'
import { SECRET_PLACEHOLDER, secretNote } from '../configuration/secret.ts'

type Settings = Readonly<Record<string, string>>

/** Lines of files that come with EMQX, each in the place of the one that has its key. */
const REPLACED: Readonly<Record<string, Settings>> = {
  'emqx.conf': {
    'node.cookie': 'YOUR-NODE-COOKIE',
    allow_anonymous: 'false',
    acl_nomatch: 'deny',
    // Its second listener, for programs on the same machine, asks for nothing.
    'zone.internal.allow_anonymous': 'false',
    'zone.internal.enable_acl': 'on',
    'zone.internal.bypass_auth_plugins': 'false',
  },
  // Who knows its secret may publish.
  'emqx_management.conf': {
    'management.default_application.secret': 'YOUR-API-SECRET',
    'management.listener.http': '127.0.0.1:8081',
  },
  'emqx_dashboard.conf': {
    'dashboard.default_user.password': 'YOUR-DASHBOARD-PASSWORD',
    'dashboard.listener.http': '127.0.0.1:18083',
  },
}

/** See `BrokerConfiguration`. */
export function configuration(address: RoutesAddress): GeneratedConfig {
  needPlain(address, 'this plug-in checks no certificate by default')
  return {
    files: [
      { path: 'emqx_auth_http.conf', text: authConf(address) },
      { path: 'acl.conf', text: '{deny, all}.\n' },
      ...Object.entries(REPLACED).map(replacedLines),
      {
        path: 'compose.yaml',
        text: composeFile({
          name: 'emqx',
          image: 'emqx/emqx:4.4.19',
          asks: address.host,
          mounts: {
            './emqx_auth_http.conf': '/opt/emqx/etc/plugins/emqx_auth_http.conf',
            './acl.conf': '/opt/emqx/etc/acl.conf',
          },
          data: '/opt/emqx/data',
          environment: environment(),
        }),
      },
    ],
    notes: [
      secretNote(),
      'A client needs its user name as client id, or one that begins with it and two slashes: EMQX 4 finds a session by its client id alone.',
      'Replace YOUR-NODE-COOKIE, YOUR-API-SECRET and YOUR-DASHBOARD-PASSWORD too, in compose.yaml as well: EMQX would use well-known ones.',
      'Without docker: emqx_auth_http.conf goes to etc/plugins/, acl.conf replaces etc/acl.conf, and the lines of the other three replace those in etc/emqx.conf and etc/plugins/. Comment the listeners out that you do not use: the certificates of ssl and wss are ones that everybody has. Then: emqx_ctl plugins load emqx_auth_http',
    ],
  }
}

/** The lines as variables, which go before the files of the image. */
function environment(): Settings {
  const variables = Object.values(REPLACED).flatMap((settings) =>
    Object.entries(settings).map(([key, value]) => [
      `EMQX_${key.replaceAll('.', '__').toUpperCase()}`,
      value,
    ]),
  )
  return {
    // Otherwise it is named after its address, and finds its data under that name alone.
    EMQX_NODE_NAME: 'emqx@127.0.0.1',
    // The start script looks for this one.
    EMQX_NODE_COOKIE: 'YOUR-NODE-COOKIE',
    EMQX_LOADED_PLUGINS: 'emqx_auth_http',
    ...Object.fromEntries(variables),
  }
}

function replacedLines([path, settings]: readonly [string, Settings]): ConfigFile {
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`)
  return { path, text: lines.join('') }
}

function authConf({ url }: RoutesAddress): string {
  const request = (name: string, path: string, params: string) => [
    `auth.http.${name}.url = ${url}/emqx4/${path}`,
    `auth.http.${name}.method = post`,
    `auth.http.${name}.headers.content-type = application/json`,
    `auth.http.${name}.headers.authorization = Bearer ${SECRET_PLACEHOLDER}`,
    `auth.http.${name}.params = ${params}`,
  ]
  return `${[
    ...request('auth_req', 'auth', 'clientid=%c,username=%u,password=%P,ipaddr=%a'),
    '',
    ...request('acl_req', 'acl', 'access=%A,username=%u,clientid=%c,topic=%t'),
  ].join('\n')}\n`
}
