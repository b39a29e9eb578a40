/**
 * Every generated configuration is closed, and one that lacks a single closing setting is found.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { brokerConfig, brokerNames } from '../../adapters/config/index.ts'
import { BROKERS, findOpen } from './closing.ts'

/** What would open a broker beside all that closes it. */
const MORE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  emqx4: { 'emqx_auth_http.conf': 'auth.http.super_req.url = http://auth.internal:8000/x' },
  mosquitto: { 'mosquitto.conf': 'acl_file /mosquitto/auth/acl' },
  'mosquitto-go-auth': { 'mosquitto.conf': 'auth_opt_http_superuser_uri /x' },
  rabbitmq: { 'rabbitmq.conf': 'auth_backends.2 = internal' },
}

test('what closes each broker is written down', () => {
  assert.deepEqual(Object.keys(BROKERS).sort(), [...brokerNames].sort())
})

for (const broker of brokerNames) {
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
