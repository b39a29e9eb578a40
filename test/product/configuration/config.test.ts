/**
 * What the generator takes, and what its files have in common.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConfigError } from '../../../src/index.ts'
import { brokerConfig } from '../../../src/product/configuration/broker-config.ts'
import type { GeneratedConfig } from '../../../src/product/configuration/generated.ts'
import { SECRET_PLACEHOLDER } from '../../../src/product/configuration/secret.ts'
import type { ConfiguredProduct } from '../../../src/product/configurations.ts'
import { emqx } from '../../../src/product/products.ts'
import { CONFIGURED, PRODUCTS } from '../../support/products.ts'
import { readCompose, readLines } from './read.ts'

const ASKS_NOBODY = ['mosquitto', 'mosquitto-files']
/** Files whose lines the compose file has as variables. */
const AS_VARIABLES: Readonly<Record<string, readonly string[]>> = {
  emqx4: ['emqx.conf', 'emqx_management.conf', 'emqx_dashboard.conf'],
}
/** Brokers that find their data under their own name only, and what fixes it. */
const NAMED: Readonly<Record<string, string>> = {
  emqx: 'EMQX_NODE_NAME',
  emqx4: 'EMQX_NODE_NAME',
  rabbitmq: 'RABBITMQ_NODENAME',
  vernemq: 'DOCKER_VERNEMQ_NODENAME',
}
const textOf = ({ files }: GeneratedConfig) => files.map(({ text }) => text).join('')

test('there is one for every product', () => {
  assert.deepEqual(CONFIGURED.toSorted(), PRODUCTS.map(({ name }) => name).toSorted())
})

describe('what it takes', () => {
  for (const [title, routes, message] of [
    ['no URL', 'auth.internal', /must be an http: or https: URL/],
    ['another scheme', 'ftp://auth.internal', /must be an http: or https: URL/],
    ['a login', 'http://user:secret@auth.internal', /must have no login/],
    ['a query', 'http://auth.internal/?secret=1', /must have no login, query/],
    ['a fragment', 'http://auth.internal/#a', /must have no login, query or fragment/],
    ['a quote', `http://auth.internal/a'b`, /holds a character/],
    ['a dollar', `http://auth.internal/\${x}`, /holds a character/],
    ['a semicolon', 'http://auth.internal/a;b', /holds a character/],
  ] as const) {
    test(`${title} is refused, and not repeated`, () => {
      for (const broker of CONFIGURED) {
        assert.throws(
          () => brokerConfig(broker, { routes }),
          (error) =>
            error instanceof ConfigError &&
            error.key === 'routes' &&
            message.test(error.message) &&
            !error.message.includes('secret'),
        )
      }
    })
  }

  for (const [title, product] of [
    ['a product', emqx],
    ['the name of none', 'emqy'],
    ['a name that every object has', 'toString'],
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
  ] as const) {
    test(`${title} is refused`, () => {
      assert.throws(() => brokerConfig(product as ConfiguredProduct), {
        name: 'ConfigError',
        message: /^product: must be one of auth-plug, emqx, .*vernemq, or a function$/,
      })
    })
  }

  test('a function of your own is given the address, taken apart', () => {
    const routes = 'https://auth.example.com/iot/broker/'
    const { files } = brokerConfig(
      (address) => ({ files: [{ path: 'a.json', text: JSON.stringify(address) }], notes: [] }),
      { routes },
    )
    assert.deepEqual(JSON.parse(files[0]!.text), {
      url: 'https://auth.example.com/iot/broker',
      isSecure: true,
      host: 'auth.example.com',
      port: 443,
      path: '/iot/broker',
    })
  })

  test('an option that means nothing is refused', () => {
    for (const [options, key] of [
      [{ route: 'http://auth.internal' }, 'route'],
      ['http://auth.internal', 'options'],
    ] as const) {
      assert.throws(() => brokerConfig('emqx', options as object), { name: 'ConfigError', key })
    }
  })

  test('routes behind TLS have their certificate checked, or are refused', () => {
    const routes = 'https://auth.example.com/iot/broker'
    const checked: Readonly<Record<string, RegExp>> = {
      emqx: /verify = verify_peer.*\n +server_name_indication = "auth\.example\.com"[\s\S]*verify = verify_peer/,
      'go-auth': /http_port 443[\s\S]*with_tls true\nauth_opt_http_verify_peer true/,
      vernemq: /verify_peer = on/,
    }
    for (const name of CONFIGURED) {
      if (ASKS_NOBODY.includes(name)) continue
      const make = () => brokerConfig(name, { routes })
      if (checked[name]) assert.match(textOf(make()), checked[name], name)
      else assert.throws(make, { name: 'ConfigError', message: /^routes: is https:, but/ })
    }
  })

  test('the address is where it is given, whatever ends it', () => {
    for (const routes of ['http://10.0.0.5:8000/x', 'http://10.0.0.5:8000/x/']) {
      const { files } = brokerConfig('go-auth', { routes })
      const settings = readLines(files[0]!.text)
      assert.equal(settings.get('auth_opt_http_host'), '10.0.0.5')
      assert.equal(settings.get('auth_opt_http_port'), '8000')
      assert.equal(
        settings.get('auth_opt_http_getuser_uri'),
        `/x/go-auth/${SECRET_PLACEHOLDER}/user`,
      )
    }
  })
})

for (const broker of CONFIGURED) {
  describe(broker, () => {
    const generated = brokerConfig(broker)
    const { files, notes } = generated

    test('has the secret as a placeholder wherever it is asked for, and says so', () => {
      const asks = !ASKS_NOBODY.includes(broker)
      assert.equal(textOf(generated).includes(SECRET_PLACEHOLDER), asks)
      assert.equal(notes.join().includes(SECRET_PLACEHOLDER), asks)
    })

    test('has files that end in a line end, and paths that stay below their folder', () => {
      for (const { path, text } of files) {
        assert.match(text, /[^\n]\n$/, path)
        assert.match(path, /^[a-z][\w.-]*$/)
      }
      assert.equal(new Set(files.map(({ path }) => path)).size, files.length)
    })

    const compose = files.find(({ path }) => path === 'compose.yaml')
    const skip = compose ? false : 'there is no image of this plug-in'
    test('has a compose file with ports on this machine alone, and all its files', { skip }, () => {
      const settings = readCompose(compose!.text)
      const below = (path: RegExp) =>
        [...settings].flatMap(([key, value]) => (path.test(key) ? value : []))
      const ports = below(/^services\.\w+\.ports\.\d$/)
      assert.ok(ports.includes('127.0.0.1:1883:1883'))
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:(\d+):\1$/)
      const volumes = below(/^services\.\w+\.volumes\.\d$/)
      for (const { path } of files) {
        if (path === 'compose.yaml' || AS_VARIABLES[broker]?.includes(path)) continue
        const mounts = volumes.filter((volume) => volume.startsWith(`./${path}:/`))
        assert.deepEqual(
          mounts.map((mount) => mount.split(':')[2]),
          ['ro'],
          path,
        )
      }
      assert.deepEqual(
        below(/^services\.\w+\.extra_hosts\.\d$/),
        ASKS_NOBODY.includes(broker) ? [] : ['auth.internal:host-gateway'],
      )
      const name = NAMED[broker]
      if (name) assert.equal(below(new RegExp(`\\.environment\\.${name}$`)).length, 1)
      // Whatever would publish more, or give the container more than it needs.
      for (const key of settings.keys()) assert.doesNotMatch(key, /network_mode|privileged|cap_add/)
    })
  })
}
