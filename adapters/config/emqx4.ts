/**
 * EMQX 4, through its plug-in `emqx_auth_http`.
 *
 * @module
 */
import { needPlain, type RoutesAddress, SECRET_PLACEHOLDER } from './address.ts'
import { composeFile } from './compose.ts'
import { type GeneratedConfig, SECRET_NOTE } from './generated.ts'

/** See {@link brokerConfig}. */
export function emqx4(address: RoutesAddress): GeneratedConfig {
  needPlain(address, 'this plug-in checks no certificate by default')
  return {
    files: [
      { path: 'emqx_auth_http.conf', text: authConf(address) },
      { path: 'emqx.conf', text: 'allow_anonymous = false\nacl_nomatch = deny\n' },
      { path: 'acl.conf', text: '{deny, all}.\n' },
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
          environment: {
            EMQX_ALLOW_ANONYMOUS: 'false',
            EMQX_ACL_NOMATCH: 'deny',
            EMQX_LOADED_PLUGINS: 'emqx_auth_http',
          },
        }),
      },
    ],
    notes: [
      SECRET_NOTE,
      'Without docker: emqx_auth_http.conf goes to etc/plugins/, acl.conf replaces etc/acl.conf, and the two lines of emqx.conf replace those of etc/emqx.conf. Then: emqx_ctl plugins load emqx_auth_http',
    ],
  }
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
