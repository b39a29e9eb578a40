/**
 * Every generated configuration is closed, and one that lacks a single closing setting is found.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brokerConfig } from '../../../src/product/configuration/broker-config.ts'
import { CONFIGURED } from '../../support/products.ts'
import { BROKERS, findOpen } from './closing.ts'

/** What would open a broker beside all that closes it. */
const MORE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  emqx: { 'emqx.conf': 'zones.plant.mqtt.clientid_override = disabled' },
  emqx4: { 'emqx_auth_http.conf': 'auth.http.super_req.url = http://auth.internal:8000/x' },
  mosquitto: { 'mosquitto.conf': 'acl_file /mosquitto/auth/acl' },
  'go-auth': { 'mosquitto.conf': 'auth_opt_http_superuser_uri /x' },
  rabbitmq: { 'rabbitmq.conf': 'auth_backends.2 = internal' },
}

const OVERRIDE = "concat([username, '///', clientid])"

/** Values in the place of those that close, each of which would open. */
const OTHERWISE: Readonly<
  Record<string, readonly (readonly [file: string, is: string, instead: string])[]>
> = {
  emqx: [
    ['emqx.conf', OVERRIDE, 'disabled'],
    ['emqx.conf', OVERRIDE, 'clientid'],
    // Two hubs of one account would end each other's connection.
    ['emqx.conf', OVERRIDE, 'username'],
    // Whose it is could not be told: a user name holds a "/", and an own id may.
    ['emqx.conf', OVERRIDE, "concat([username, '/', clientid])"],
    ['emqx.conf', OVERRIDE, "concat([clientid, '///', username])"],
    ['emqx.conf', OVERRIDE, "coalesce(clientid, concat([username, '///', clientid]))"],
    ['emqx.conf', 'request_timeout = 5s', 'request_timeout = 30s'],
    ['emqx.conf', 'ttl = 10s', 'ttl = 1m'],
    ['compose.yaml', '5.10.3', '5.8.6'],
    ['compose.yaml', '5.10.3', 'latest'],
  ],
  nanomq: [
    ['nanomq.conf', 'parallel = 1', 'parallel = 0'],
    ['nanomq.conf', 'parallel = 1', 'parallel = 16'],
  ],
  vernemq: [
    ['vernemq.conf', 'pool_timeout = 3000', 'pool_timeout = 60000'],
    ['compose.yaml', '2.2.0', '2.1.2'],
    ['compose.yaml', '2.2.0', 'latest'],
  ],
}

test('what closes each broker is written down', () => {
  const names: readonly string[] = CONFIGURED
  assert.deepEqual(Object.keys(BROKERS).sort(), names.toSorted())
  for (const [name, { closings }] of Object.entries(BROKERS)) assert.ok(closings.length > 0, name)
  // A name that no product has would be passed over.
  for (const name of [...Object.keys(MORE), ...Object.keys(OTHERWISE)]) {
    assert.ok(names.includes(name), name)
  }
})

for (const broker of CONFIGURED) {
  describe(broker, () => {
    const { files } = brokerConfig(broker)
    const { closings } = BROKERS[broker]!

    test('is closed', () => {
      assert.deepEqual(findOpen(broker, { files }), [])
    })

    for (const { file, path, otherwise } of closings) {
      const name = path.split('.').at(-1)!
      test(`is found open without ${file}: ${path}, where ${otherwise}`, () => {
        const found = new Set<string>()
        // Each line that could be it, since a format may have its key on lines above.
        const { text } = files.find((one) => one.path === file)!
        for (const changed of withoutOne(text, name)) {
          const others = files.filter((one) => one.path !== file)
          try {
            for (const one of findOpen(broker, {
              files: [...others, { path: file, text: changed }],
            }))
              found.add(one)
          } catch {
            // No longer a configuration at all.
          }
        }
        assert.ok(found.has(`${file}: ${path}`), [...found].join('\n'))
      })
    }

    for (const [file, is, instead] of OTHERWISE[broker] ?? []) {
      test(`is found open with ${instead} in the place of ${is} in ${file}`, () => {
        const changed = files.map((one) =>
          one.path === file ? { path: file, text: one.text.replace(is, instead) } : one,
        )
        assert.notDeepEqual(changed, files)
        assert.notDeepEqual(findOpen(broker, { files: changed }), [])
      })
    }

    for (const [file, text] of Object.entries(MORE[broker] ?? {})) {
      test(`is found open with ${text} in ${file}`, () => {
        const changed = files.map((one) =>
          one.path === file ? { path: file, text: `${one.text}${text}\n` } : one,
        )
        assert.notDeepEqual(findOpen(broker, { files: changed }), [])
      })
    }
  })
}

/** The text without one line that holds a word, or without the pair in a line that has several. */
function withoutOne(text: string, word: string): string[] {
  const lines = text.split('\n')
  return lines.flatMap((line, i) => {
    if (!line.includes(word)) return []
    const pair = new RegExp(`"?${word}"? = ("[^"]*"|[^\\s,}]+),?`)
    const rests = ['', ...(pair.test(line) ? [line.replace(pair, '')] : [])]
    return rests.map((rest) => [...lines.slice(0, i), rest, ...lines.slice(i + 1)].join('\n'))
  })
}
