/**
 * VerneMQ, through its webhooks.
 *
 * @module
 */
import { type RoutesAddress, SYSTEM_AUTHORITIES } from '../configuration/address.ts'
import { composeFile } from '../configuration/compose.ts'
import type { GeneratedConfig } from '../configuration/generated.ts'
import { SECRET_PLACEHOLDER, secretNote } from '../configuration/secret.ts'

/** See `BrokerConfiguration`. */
export function configuration(address: RoutesAddress): GeneratedConfig {
  return {
    files: [
      { path: 'vernemq.conf', text: vernemqConf(address) },
      {
        path: 'compose.yaml',
        text: composeFile({
          name: 'vernemq',
          // Before 2.2.0 a SUBSCRIBE that is denied in part ends an MQTT 5 connection.
          image: 'vernemq/vernemq:2.2.0',
          asks: address.host,
          mounts: { './vernemq.conf': '/vernemq/etc/vernemq.conf.local' },
          data: '/vernemq/data',
          // Otherwise it is named after its address, and not as in the file.
          environment: { DOCKER_VERNEMQ_NODENAME: '127.0.0.1' },
        }),
      },
    ],
    notes: [
      secretNote(),
      'VerneMQ 2.2.0 or later: 2.1 leaves a denied SUBSCRIBE without an answer, or ends its connection.',
      'Replace YOUR-NODE-COOKIE too. The image starts once its licence is accepted: read it, and add the line accept_eula = yes to vernemq.conf.',
    ],
  }
}

function vernemqConf({ url, isSecure }: RoutesAddress): string {
  const endpoint = `${url}/vernemq/${SECRET_PLACEHOLDER}`
  const hook = (name: string, hook: string, hasPayload: boolean) => [
    `vmq_webhooks.${name}.hook = ${hook}`,
    `vmq_webhooks.${name}.endpoint = ${endpoint}`,
    ...(hasPayload ? [`vmq_webhooks.${name}.no_payload = on`] : []),
  ]
  const hooks = (suffix: string, ending: string) => [
    ...hook(`register${suffix}`, `auth_on_register${ending}`, false),
    ...hook(`publish${suffix}`, `auth_on_publish${ending}`, true),
    ...hook(`subscribe${suffix}`, `auth_on_subscribe${ending}`, false),
  ]
  return `${[
    'nodename = VerneMQ@127.0.0.1',
    'distributed_cookie = YOUR-NODE-COOKIE',
    'listener.tcp.default = 0.0.0.0:1883',
    'listener.tcp.allowed_protocol_versions = 3,4,5',
    '',
    'allow_anonymous = off',
    'plugins.vmq_passwd = off',
    'plugins.vmq_acl = off',
    'plugins.vmq_webhooks = on',
    '# In milliseconds: shorter than the routes and what stands before them keep an idle connection.',
    'vmq_webhooks.pool_timeout = 3000',
    ...(isSecure
      ? [
          `vmq_webhooks.cafile = ${SYSTEM_AUTHORITIES}`,
          'vmq_webhooks.verify_peer = on',
          'vmq_webhooks.use_crls = off',
        ]
      : []),
    '',
    ...hooks('', ''),
    '',
    ...hooks('5', '_m5'),
  ].join('\n')}\n`
}
