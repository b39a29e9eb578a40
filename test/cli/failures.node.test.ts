/**
 * What goes wrong is one clear line and a code, and never shows a password or a stack.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { freePort } from '../support/mosquitto.ts'
import { type Host, hosts, node, type Outcome, run, userFolder } from './command.ts'
import { configModule, embeddedSite, TYPES } from './site.ts'

const SECRET = 'correct-horse-battery'

/** One line, as expected, and nothing else. */
function assertLine({ code, stdout, stderr }: Outcome, expected: RegExp, exit: number): void {
  assert.match(stderr, /^devicehub: [^\n]+\n$/)
  assert.match(stderr, expected)
  assert.equal(stdout, '')
  assert.equal(code, exit)
  assert.doesNotMatch(stderr, /correct|horse|battery|\n\s+at /)
}

interface Failure {
  readonly title: string
  readonly files: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly line: RegExp
  readonly exit: number
}

const port = await freePort()
const brokers = { default: { host: '127.0.0.1', port }, 'eu-west': { port } }
const working = configModule('station', brokers)

/** A module with this configuration. */
function config(text: string): string {
  return `${TYPES}
import { defineConfig } from 'devicehub/cli'
export default ${text}
`
}

const everywhere: readonly Failure[] = [
  {
    title: 'a broker that is not configured: the known ones are named',
    files: { 'devicehub.config.ts': working },
    args: ['--broker', 'lorawan'],
    line: /there is no broker "lorawan" \(configured: default, eu-west\)/,
    exit: 2,
  },
  {
    title: 'a broker that cannot be reached: its name, code and address',
    files: { 'devicehub.config.ts': working },
    line: new RegExp(
      `broker "default": ERR_BROKER_UNREACHABLE: .*mqtt://127\\.0\\.0\\.1:${port}.*ECONNREFUSED`,
    ),
    exit: 1,
  },
  {
    title: 'no configuration file',
    files: {},
    line: /there is no configuration file here \(devicehub\.config\.ts, .*--config/,
    exit: 2,
  },
  {
    title: 'a syntax error in TypeScript, beside a password',
    files: { 'devicehub.config.ts': `export default {\n  password: '${SECRET}'s',\n}` },
    line: /devicehub\.config\.ts: has a syntax error at devicehub\.config\.ts:2$/m,
    exit: 2,
  },
  {
    title: 'a syntax error in JSON, beside a password',
    files: {
      'devicehub.config.json': `{\n  "brokers": { "default": { "password": "${SECRET}" horse } }\n}`,
    },
    line: /devicehub\.config\.json: is no JSON text/,
    exit: 2,
  },
  {
    title: 'a key that there is not',
    files: { 'devicehub.config.ts': config('{ types: [station], broker: {} }') },
    line: /devicehub\.config\.ts: broker: is not a setting: there is fleet, types, prefix, store, brokers/,
    exit: 2,
  },
]

const onNode: readonly Failure[] = [
  {
    title: 'a broker that no type uses',
    files: { 'devicehub.config.ts': working },
    args: ['--broker', 'eu-west'],
    line: /no device type uses the broker "eu-west"/,
    exit: 2,
  },
  {
    title: 'a device type on a broker that is not configured',
    files: { 'devicehub.config.ts': configModule('station, node', brokers) },
    line: /there is no broker "lorawan", which the device type "node" uses \(configured: default/,
    exit: 2,
  },
  {
    title: 'a file that is not there',
    files: {},
    args: ['--config', 'conf/other.ts'],
    line: /conf\/other\.ts: there is no such file/,
    exit: 2,
  },
  {
    title: 'two configuration files',
    files: { 'devicehub.config.ts': working, 'devicehub.config.json': '{}' },
    line: /devicehub\.config\.ts: there is devicehub\.config\.json, too/,
    exit: 2,
  },
  {
    title: 'a syntax error in JavaScript, beside a password',
    files: { 'devicehub.config.mjs': `export default {\n  password: '${SECRET}'s',\n}` },
    line: /devicehub\.config\.mjs: has a syntax error/,
    exit: 2,
  },
  {
    title: 'a syntax error in what it imports',
    files: {
      'devicehub.config.ts': `import './fleet.ts'\nexport default {}`,
      'fleet.ts': `export const password = '${SECRET}'s'`,
    },
    line: /devicehub\.config\.ts: has a syntax error at fleet\.ts:1/,
    exit: 2,
  },
  {
    title: 'an import that is not there',
    files: { 'devicehub.config.mjs': `import './fleet.mjs'\nexport default {}` },
    line: /devicehub\.config\.mjs: Cannot find module .*fleet\.mjs/,
    exit: 2,
  },
  {
    title: 'a module that throws',
    files: { 'devicehub.config.mjs': `throw new Error('PEPPER is missing\\nand more')` },
    line: /devicehub\.config\.mjs: PEPPER is missing$/m,
    exit: 2,
  },
  {
    title: 'a module without a default export',
    files: { 'devicehub.config.mjs': 'export const config = {}' },
    line: /devicehub\.config\.mjs: has no default export/,
    exit: 2,
  },
  {
    title: 'a JSON file that names a module without a fleet',
    files: {
      'devicehub.config.json': '{ "fleet": "./fleet.mjs" }',
      'fleet.mjs': 'export const fleets = []',
    },
    line: /devicehub\.config\.json: fleet: \.\/fleet\.mjs exports neither "fleet" nor a default/,
    exit: 2,
  },
  ...(
    [
      ['[]', /: default export: must be an object/],
      ['{}', /: types: is missing, and so is fleet/],
      ['{ fleet: {} }', /: fleet: must be what createFleet returns/],
      ['{ types: [{}] }', /: types: must be a list of what defineDeviceType returns/],
      ['{ types: [] }', /there is no device type to listen to/],
      ['{ types: [station, station] }', /: types: two device types have the name "weatherstation"/],
      ['{ types: [station], prefix: 1 }', /: prefix: must be a string/],
      ['{ types: [station], brokers: [] }', /: brokers: must be an object/],
      ['{ types: [station], brokers: {} }', /: brokers: must name a broker/],
      [
        '{ types: [station], brokers: { default: 1 } }',
        /: brokers\.default: must be an object, a URL/,
      ],
      [
        `{ types: [station], brokers: { default: { hots: 'x', password: '${SECRET}' } } }`,
        /: brokers\.default\.hots: is not a setting of a broker/,
      ],
      [
        `{ types: [station], brokers: { default: 'mqtt://hub:${SECRET}@127.0.0.1' } }`,
        /: brokers\.default\.url: must not hold a login/,
      ],
      [
        `{ types: [station], brokers: { default: { engine: 'coap' } } }`,
        /: brokers\.default\.engine: "coap" is not known: there is mqtt$/m,
      ],
      ['{ types: [station], engines: [] }', /: engines: must be an object of functions/],
      ['{ types: [station], engines: { coap: {} } }', /: engines\.coap: must be a function/],
      ['{ types: [station], engines: { mqtt() {} } }', /: engines\.mqtt: is there already/],
      [
        `{
          types: [station],
          brokers: { default: { engine: 'coap' } },
          engines: { coap() { throw new Error('a port is missing\\nand more') } },
        }`,
        /: brokers\.default: a port is missing$/m,
      ],
      [
        `{
          types: [station],
          brokers: { default: { engine: 'coap' } },
          engines: {
            coap(config, key) {
              // As a copy of the library of the user's own throws it.
              const problem = { code: 'ERR_CONFIG', key: key + '.port' }
              throw Object.assign(new Error(key + '.port: is missing'), problem)
            },
          },
        }`,
        /: brokers\.default\.port: is missing$/m,
      ],
      [
        `{ types: [station], brokers: { default: {}, lora_1: {}, 'lora-1': {} } }`,
        /: brokers\.lora-1: both it and "lora_1" are DEVICEHUB_BROKERS_LORA_1/,
      ],
    ] as const
  ).map(([text, line]) => ({
    title: `the configuration ${text}`,
    files: { 'devicehub.config.ts': config(text) },
    line,
    exit: 2,
  })),
  ...(
    [
      ['DEFAULT_PORT', SECRET, /DEVICEHUB_BROKERS_DEFAULT_PORT: must be a whole number/],
      ['DEFAULT_PORTS', '1', /DEVICEHUB_BROKERS_DEFAULT_PORTS: is not a setting of a broker/],
      ['DEFAULT_PASSWORD', SECRET, /DEVICEHUB_BROKERS_DEFAULT_PASSWORD: needs a username/],
      ['DEFAULT_URL', `mqtt://${SECRET}:x@localhost`, /_DEFAULT_URL: must not hold a login/],
      ['EU_WEST_KEEPALIVE', '-1', /DEVICEHUB_BROKERS_EU_WEST_KEEPALIVE: must be a whole number/],
      ['CLOUD_URL', 'mqtt://x', /_CLOUD_URL: names no broker: there is .*default.*/],
    ] as const
  ).map(([name, value, line]) => ({
    title: `the environment variable DEVICEHUB_BROKERS_${name}`,
    files: { 'devicehub.config.ts': working },
    env: { [`DEVICEHUB_BROKERS_${name}`]: value },
    line,
    exit: 2,
  })),
  {
    title: 'an environment variable for a broker that is made by a function',
    files: {
      'devicehub.config.ts': config('{ types: [station], brokers: { default: () => undefined } }'),
    },
    env: { DEVICEHUB_BROKERS_DEFAULT_PORT: '1' },
    line: /DEVICEHUB_BROKERS_DEFAULT_PORT: the broker "default" is made by a function/,
    exit: 2,
  },
]

function fails(host: Host, failures: readonly Failure[]): void {
  for (const { title, files, args = [], env, line, exit } of failures) {
    test(title, async () => {
      using folder = userFolder(files)
      assertLine(await run(host, folder, ['listen', ...args], env), line, exit)
    })
  }
}

describe('on Node', () => fails(node, [...everywhere, ...onNode]))
for (const host of hosts.slice(1)) {
  describe(`on ${host.name}`, { skip: host.missing }, () => fails(host, everywhere))
}

test('a login that is refused: broker, code and reason', async () => {
  await using site = await embeddedSite()
  const login = { url: site.broker.url, username: 'hub', password: SECRET }
  using folder = userFolder({ 'devicehub.config.ts': configModule('station', { default: login }) })
  const outcome = await run(node, folder, ['listen'])
  assertLine(outcome, /broker "default": ERR_BROKER_LOGIN_REFUSED: .*Bad user name/, 1)
})

test('a subscription that is refused: broker, code and filter', async () => {
  await using site = await embeddedSite()
  const { username, password } = site.login
  const broker = { url: site.broker.url, username, password }
  using folder = userFolder({ 'devicehub.config.ts': configModule('station', { default: broker }) })
  const { code, stderr } = await run(node, folder, ['listen'])
  assert.match(
    stderr,
    /^devicehub: broker "default": ERR_BROKER_NOT_AUTHORIZED: .*"?things\/weatherstation\/\+\/data.*\n$/,
  )
  assert.equal(code, 1)
})

test('DEBUG=devicehub shows all that is known of a failure', async () => {
  using folder = userFolder({ 'devicehub.config.ts': working })
  const { stderr } = await run(node, folder, ['listen'], { DEBUG: 'devicehub' })
  assert.match(stderr, /CommandFailure: broker "default".*\n +at .*Caused by: .*\n +at /s)
})

describe('the command line', () => {
  for (const [args, problem] of [
    [['listne'], /unknown command 'listne'/],
    [['listen', '--brokr', 'x'], /unknown option '--brokr'/],
    [['listen', '--broker'], /option '--broker <name...>' argument missing/],
    [['listen', 'default'], /too many arguments for 'listen'/],
    [['config'], /missing required argument 'broker'/],
    [['publish'], /missing required argument 'topic'/],
    [['publish', 'a'], /missing required argument 'json'/],
    [['publish', 'a', '1', '2'], /too many arguments for 'publish'/],
    [['publish', 'a', '1', '--qos', '3'], /argument '3' is invalid\. It must be 0, 1 or 2/],
    [['publish', 'a', '1', '--broker'], /option '--broker <name>' argument missing/],
    [['explain', 'a', 'publish'], /missing required argument 'topic'/],
  ] as const) {
    test(`${args.join(' ')}: code 2`, async () => {
      using folder = userFolder()
      const { code, stdout, stderr } = await run(node, folder, args)
      assert.match(stderr, /^devicehub: /)
      assert.match(stderr, problem)
      assert.ok(stderr.trim().split('\n').length <= 2, stderr)
      assert.equal(stdout, '')
      assert.equal(code, 2)
    })
  }

  test('--help says what there is, with code 0', async () => {
    using folder = userFolder()
    const { code, stdout, stderr } = await run(node, folder, ['--help'])
    assert.match(stdout, /dev .*listen .*publish .*explain .*config /s)
    assert.deepEqual([code, stderr], [0, ''])
  })
})
