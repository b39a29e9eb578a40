/**
 * The settings without which a broker would let something through that nobody granted, and why.
 *
 * @module
 */
import type { GeneratedConfig } from '../../../src/product/configuration/generated.ts'
import {
  readCompose,
  readHocon,
  readLines,
  readMosquitto,
  readWhole,
  type Settings,
} from './read.ts'

type Format = (text: string) => Settings

/** One setting that closes. */
export interface Closing {
  readonly file: string
  readonly path: string
  /** What it has to be; with `//` around it, what it has to match. */
  readonly value: string | RegExp
  /** What would happen otherwise. */
  readonly otherwise: string
}

interface Broker {
  readonly formats: Readonly<Record<string, Format>>
  readonly closings: readonly Closing[]
  /** Paths there may be nothing below, beside what is listed: more would be asked first. */
  readonly alone: readonly (readonly [file: string, path: RegExp])[]
}

const ASKED = /^http:\/\/auth\.internal:8000\/iot\/broker\//
const BEARER = /^Bearer YOUR-BROKER-SECRET$/
const POST = 'the secret and the password would be in the URL, and be denied'

function closings(
  file: string,
  rows: readonly (readonly [path: string, value: string | RegExp, otherwise: string])[],
): readonly Closing[] {
  return rows.map(([path, value, otherwise]) => ({ file, path, value, otherwise }))
}

const MOSQUITTO: readonly (readonly [string, string | RegExp, string])[] = [
  ['allow_anonymous', 'false', 'who has no user name is let in'],
]

const BOUND: typeof MOSQUITTO = [
  ...MOSQUITTO,
  ['use_username_as_clientid', 'true', 'a login ends the session of another'],
]

/** In a file of EMQX 4, and as a variable of its container. */
const EMQX4_REPLACED: Readonly<
  Record<string, readonly (readonly [path: string, value: string, otherwise: string])[]>
> = {
  'emqx.conf': [
    ['allow_anonymous', 'false', 'a login that nobody decides is let in'],
    ['acl_nomatch', 'deny', 'a question that nobody answers is a grant'],
    ['zone.internal.allow_anonymous', 'false', 'who is on the machine needs no password'],
    ['zone.internal.enable_acl', 'on', 'who is on the machine may do everything'],
    ['zone.internal.bypass_auth_plugins', 'false', 'nobody is asked who is on the machine'],
    ['node.cookie', 'YOUR-NODE-COOKIE', 'the cookie is one that everybody knows'],
  ],
  'emqx_management.conf': [
    [
      'management.default_application.secret',
      'YOUR-API-SECRET',
      'everybody knows the secret with which one may publish',
    ],
    ['management.listener.http', '127.0.0.1:8081', 'other machines reach it'],
  ],
  'emqx_dashboard.conf': [
    [
      'dashboard.default_user.password',
      'YOUR-DASHBOARD-PASSWORD',
      'the password is one that everybody knows',
    ],
    ['dashboard.listener.http', '127.0.0.1:18083', 'other machines reach it'],
  ],
}

const emqx4Variables = Object.values(EMQX4_REPLACED)
  .flat()
  .map(([path, value, otherwise]) => {
    const name = `EMQX_${path.replaceAll('.', '__').toUpperCase()}`
    return [`services.emqx.environment.${name}`, value, otherwise] as const
  })

const emqx4Request = (name: string): readonly (readonly [string, string | RegExp, string])[] => [
  [`auth.http.${name}.url`, ASKED, 'nobody is asked'],
  [`auth.http.${name}.method`, 'post', POST],
  [`auth.http.${name}.headers.authorization`, BEARER, 'every question is denied'],
]

const hookNames = ['register', 'publish', 'subscribe'].flatMap((name) => [name, `${name}5`])

export const BROKERS: Readonly<Record<string, Broker>> = {
  emqx: {
    formats: { 'emqx.conf': readHocon, 'compose.yaml': readCompose },
    closings: [
      ...closings('compose.yaml', [
        [
          'services.emqx.image',
          /^emqx\/emqx:(5\.10|6\.\d+)\.\d+$/,
          'everybody is let in for a moment at each start',
        ],
      ]),
      ...closings('emqx.conf', [
        ['authorization.no_match', 'deny', 'a call that fails lets the client through'],
        ['authentication.0.backend', 'http', 'nobody is asked who a client is'],
        ['authentication.0.mechanism', 'password_based', 'no password is asked for'],
        ['authentication.0.method', 'post', POST],
        ['authentication.0.url', ASKED, 'nobody is asked'],
        ['authentication.0.headers.authorization', BEARER, 'every question is denied'],
        ['authentication.0.headers.content-type', 'application/json', 'a form is denied'],
        ['authorization.sources.0.type', 'http', 'the file that allows all is asked instead'],
        ['authorization.sources.0.url', ASKED, 'nobody is asked'],
        ['authorization.sources.0.method', 'post', POST],
        ['authorization.sources.0.headers.authorization', BEARER, 'every question is denied'],
        ['authorization.sources.0.body.topic', /^\$\{topic\}$/, 'every question is denied'],
        ['authorization.cache.ttl', '10s', 'what was granted once could last'],
        [
          'mqtt.clientid_override',
          "concat([username, '///', clientid])",
          'a client id takes over the session of another user name',
        ],
        ['authentication.0.request_timeout', '5s', 'an answer counts that comes too late'],
        ['authorization.sources.0.request_timeout', '5s', 'a grant of 30 seconds ago counts'],
        ['listeners.tcp.default.enable_authn', 'true', 'nobody is asked who a client is'],
        ['listeners.ssl.default.enable', 'false', 'it listens with a certificate everybody has'],
        ['listeners.ws.default.enable', 'false', 'it listens where nobody asked for it'],
        ['listeners.wss.default.enable', 'false', 'it listens with a certificate everybody has'],
        ['node.cookie', 'YOUR-NODE-COOKIE', 'the cookie is one that everybody knows'],
        [
          'dashboard.default_password',
          'YOUR-DASHBOARD-PASSWORD',
          'the password is one that everybody knows',
        ],
      ]),
    ],
    alone: [
      ['emqx.conf', /^authentication\.[1-9]/],
      ['emqx.conf', /^authorization\.sources\.[1-9]/],
      // A zone has a setting of its own in the place of the one of `mqtt`.
      ['emqx.conf', /^zones\..*clientid_override/],
    ],
  },
  emqx4: {
    formats: {
      ...Object.fromEntries(Object.keys(EMQX4_REPLACED).map((file) => [file, readLines])),
      'emqx_auth_http.conf': readLines,
      'acl.conf': readWhole,
      'compose.yaml': readCompose,
    },
    closings: [
      ...Object.entries(EMQX4_REPLACED).flatMap(([file, rows]) => closings(file, rows)),
      ...closings('compose.yaml', [
        ...emqx4Variables,
        ['services.emqx.environment.EMQX_LOADED_PLUGINS', 'emqx_auth_http', 'nobody is asked'],
        [
          'services.emqx.environment.EMQX_NODE_COOKIE',
          'YOUR-NODE-COOKIE',
          'the cookie is one that everybody knows',
        ],
      ]),
      ...closings('acl.conf', [['', '{deny, all}.', 'a question that nobody answers is a grant']]),
      ...closings('emqx_auth_http.conf', [
        ...emqx4Request('auth_req'),
        ...emqx4Request('acl_req'),
        ['auth.http.acl_req.params', /topic=%t/, 'every question is denied'],
      ]),
    ],
    alone: [['emqx_auth_http.conf', /super_req/]],
  },
  mosquitto: {
    formats: { 'mosquitto.conf': readMosquitto },
    closings: closings('mosquitto.conf', [
      ...BOUND,
      ['plugin', /mosquitto_dynamic_security\.so$/, 'nobody decides'],
      ['plugin_opt_config_file', /\.json$/, 'Mosquitto does not start'],
    ]),
    alone: [['mosquitto.conf', /^(password_file|acl_file)$/]],
  },
  'mosquitto-files': {
    formats: { 'mosquitto.conf': readMosquitto },
    closings: closings('mosquitto.conf', [
      ...BOUND,
      ['password_file', /./, 'any password is taken'],
      ['acl_file', /./, 'everybody may do everything'],
    ]),
    alone: [['mosquitto.conf', /^(plugin|auth_plugin)$/]],
  },
  'go-auth': {
    formats: { 'mosquitto.conf': readMosquitto },
    closings: closings('mosquitto.conf', [
      ...MOSQUITTO,
      ['auth_plugin', /go-auth\.so$/, 'nobody is asked'],
      ['auth_plugin_deny_special_chars', 'false', 'Mosquitto 2.1 denies devices everything'],
      ['auth_opt_backends', 'http', 'another back end is asked after a denial'],
      ['auth_opt_disable_superuser', 'true', 'each question is two calls'],
      ['auth_opt_http_getuser_uri', /\/go-auth\/YOUR-BROKER-SECRET\/user$/, 'all is denied'],
      ['auth_opt_http_aclcheck_uri', /\/go-auth\/YOUR-BROKER-SECRET\/acl$/, 'all is denied'],
      ['auth_opt_http_method', 'POST', POST],
      ['auth_opt_http_response_mode', 'status', 'an answer in another mode is a denial'],
      ['auth_opt_cache', 'false', 'what was granted once lasts'],
    ]),
    alone: [['mosquitto.conf', /^(password_file|acl_file|auth_opt_http_superuser_uri)$/]],
  },
  'auth-plug': {
    formats: { 'mosquitto.conf': readMosquitto },
    closings: closings('mosquitto.conf', [
      ...BOUND,
      ['auth_plugin', /auth-plug\.so$/, 'nobody is asked'],
      ['auth_opt_backends', 'http', 'another back end is asked after a denial'],
      ['auth_opt_http_getuser_uri', /\/auth-plug\/YOUR-BROKER-SECRET\/user$/, 'all is denied'],
      ['auth_opt_http_superuser_uri', /\/YOUR-BROKER-SECRET\/superuser$/, 'it does not start'],
      ['auth_opt_http_aclcheck_uri', /\/auth-plug\/YOUR-BROKER-SECRET\/acl$/, 'all is denied'],
      ['auth_opt_acl_cacheseconds', '0', 'what was granted once lasts for 300 seconds'],
    ]),
    alone: [['mosquitto.conf', /^(password_file|acl_file)$/]],
  },
  rabbitmq: {
    formats: {
      'rabbitmq.conf': readLines,
      'advanced.config': readWhole,
      enabled_plugins: readWhole,
    },
    closings: [
      ...closings('rabbitmq.conf', [
        ['auth_backends.1', 'http', 'the login `guest` of RabbitMQ itself counts'],
        ['auth_http.http_method', 'post', POST],
        ...['user', 'vhost', 'resource', 'topic'].map(
          (name) =>
            [
              `auth_http.${name}_path`,
              new RegExp(`${ASKED.source}rabbitmq/YOUR-BROKER-SECRET/${name}$`),
              'the question goes elsewhere',
            ] as const,
        ),
        ['mqtt.allow_anonymous', 'false', 'who has no user name is let in as `guest`'],
        ['listeners.tcp', 'none', 'it listens where nobody asked for it'],
      ]),
      ...closings('advanced.config', [
        ['', /ignore_colons_in_username, true/, 'a client chooses its virtual host'],
      ]),
      ...closings('enabled_plugins', [
        ['', /rabbitmq_auth_backend_http/, 'RabbitMQ does not know the back end'],
      ]),
    ],
    alone: [['rabbitmq.conf', /^auth_backends\.[^1]/]],
  },
  vernemq: {
    formats: { 'vernemq.conf': readLines, 'compose.yaml': readCompose },
    closings: [
      ...closings('compose.yaml', [
        [
          'services.vernemq.image',
          /^vernemq\/vernemq:2\.([2-9]|\d\d)\.\d+$/,
          'a SUBSCRIBE that is denied in part ends its connection',
        ],
      ]),
      ...closings('vernemq.conf', [
        ['allow_anonymous', 'off', 'nobody is asked for a password'],
        ['plugins.vmq_passwd', 'off', 'a file is asked first'],
        ['plugins.vmq_acl', 'off', 'a file is asked first'],
        ['plugins.vmq_webhooks', 'on', 'nobody is asked'],
        ['vmq_webhooks.pool_timeout', '3000', 'a right login on a closed connection is refused'],
        ['distributed_cookie', 'YOUR-NODE-COOKIE', 'the cookie is one that everybody knows'],
        ...hookNames.flatMap((name) => {
          const hook = `auth_on_${name.replace('5', '')}${name.endsWith('5') ? '_m5' : ''}`
          const at = `vmq_webhooks.${name}`
          return [
            [`${at}.hook`, hook, 'nobody is asked about it'],
            [`${at}.endpoint`, /\/vernemq\/YOUR-BROKER-SECRET$/, 'every question is denied'],
          ] as const
        }),
        ['vmq_webhooks.publish.no_payload', 'on', 'long messages are denied'],
        ['vmq_webhooks.publish5.no_payload', 'on', 'long messages are denied'],
      ]),
    ],
    alone: [],
  },
  nanomq: {
    formats: { 'nanomq.conf': readHocon, 'compose.yaml': readCompose },
    closings: [
      ...closings('compose.yaml', [
        [
          'services.nanomq.environment.NANOMQ_BROKER_URL',
          'nmq-tcp://127.0.0.1:1883',
          'everybody reaches a NanoMQ that could not read its file',
        ],
      ]),
      ...closings('nanomq.conf', [
        ['system.parallel', '1', 'four questions at once are denied, and all that follow'],
        ['auth.allow_anonymous', 'false', 'who has no user name is let in'],
        ['auth.no_match', 'deny', 'a question that nobody answers is a grant'],
        ...['auth_req', 'acl_req'].flatMap((name) => {
          const at = `auth.http_auth.${name}`
          return [
            [`${at}.url`, ASKED, 'nobody is asked'],
            [`${at}.method`, 'POST', POST],
            [`${at}.headers.content-type`, 'application/json', 'a form is denied'],
            [`${at}.headers.authorization`, BEARER, 'every question is denied'],
          ] as const
        }),
        ['auth.http_auth.acl_req.params.topic', '%t', 'every question is denied'],
        ['auth.http_auth.cache_ttl', '0s', 'what was granted once lasts'],
      ]),
    ],
    alone: [['nanomq.conf', /super_req/]],
  },
}

/** What is open in a configuration: a setting that is missing or wrong, or one too many. */
export function findOpen(broker: string, { files }: Pick<GeneratedConfig, 'files'>): string[] {
  const { formats, closings, alone } = BROKERS[broker]!
  const read = new Map(
    Object.entries(formats).map(([file, format]) => {
      return [file, format(files.find(({ path }) => path === file)?.text ?? '')]
    }),
  )
  const wrong = closings
    .filter(({ file, path, value }) => {
      const found = read.get(file)!.get(path)
      return value instanceof RegExp ? !value.test(found ?? '') : found !== value
    })
    .map(({ file, path }) => `${file}: ${path}`)
  const more = alone.flatMap(([file, path]) =>
    [...read.get(file)!.keys()].filter((key) => path.test(key)).map((key) => `${file}: ${key}`),
  )
  return [...wrong, ...more]
}
