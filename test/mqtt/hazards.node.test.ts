/**
 * What a user of a bare MQTT client has to look after, and cannot get wrong here: the list fails where
 * a test that shows it is gone, or a setting is there that would bring it back.
 *
 * Not in it is what is out of reach of this library or its user:
 *
 * | out of reach | reason |
 * | --- | --- |
 * | ways to import the client package, and its builds | the adapter imports it, nobody else has to |
 * | a choice of WebSocket implementation | the adapter makes its own streams |
 * | subscription identifiers, no-local, retain handling | a subscription has filter, QoS and share |
 * | unsubscribing and its answers | subscriptions end with the broker |
 * | the DUP flag of what is sent again | nothing is, but by the offline queue what was never sent |
 * | decisions by the DUP flag | a message does not have it |
 * | an acknowledgement with a code of its own | the end of the handler decides |
 * | a reason in words beside the reason code | the code decides; its words are our own |
 * | a subscription that a broker grants and does not serve | only the broker knows; see `guardedBroker` |
 * | how soon a broker sends, over WebSocket or TCP | its own configuration: `set_tcp_nodelay` |
 * | unacknowledged messages of a member that never comes back | the broker's; see the docs |
 * | a program bundled for Node alone | the bundler's settings decide what is loaded how |
 * | Cloudflare's production network | workerd is what can be run here |
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { guarantees } from './hazard-rows.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** The text of a test file, wherever it runs by its name, or of one that it shares its tests with. */
function sourceOf(file: string): string {
  const path = join(root, file)
  const names = readdirSync(dirname(path))
  const isTest = (name: string) =>
    name.startsWith(`${basename(path)}.`) && name.endsWith('.test.ts')
  const name = names.find(isTest) ?? names.find((one) => one === `${basename(path)}.ts`)
  assert.ok(name, `there is no test/${file}`)
  return readFileSync(join(dirname(path), name), 'utf8')
}

/** Finds a title as a string literal where each `…` is a placeholder of a template. */
function pattern(title: string): RegExp {
  const parts = title.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`(['"\`])${parts.join('\\$\\{.+?\\}')}\\1`)
}

for (const [doing, files] of Object.entries(guarantees)) {
  describe(`while ${doing}`, () => {
    for (const [file, rows] of Object.entries(files)) {
      for (const [guarantee, title] of Object.entries(rows)) {
        test(guarantee, () => {
          assert.match(sourceOf(file), pattern(title), `there is no test "${title}" in ${file}`)
        })
      }
    }
  })
}

/** What would bring back what the library looks after itself. */
const absent: readonly [what: string, key: string, value: unknown][] = [
  ['a will', 'will', { topic: 'a', payload: 'x' }],
  ['topic aliases', 'autoAssignTopicAlias', true],
  ['properties of its own in CONNECT', 'properties', { topicAliasMaximum: 10 }],
  ['a store of outgoing messages', 'outgoingStore', {}],
  ['a queue of QoS 0 without bound', 'queueQoSZero', true],
  ['a period of reconnects', 'reconnectPeriod', 0],
  ['a repetition of refused logins without pauses', 'reconnectOnConnackError', true],
  ['a repetition of subscriptions', 'resubscribe', true],
  ['a connection that is dialled later', 'manualConnect', true],
  ['the WebSocket of the runtime', 'forceNativeWebSocket', true],
  ['acknowledgements of its own', 'customHandleAcks', () => {}],
  ['packet identifiers of its own', 'messageIdProvider', {}],
]

describe('there is no setting for', () => {
  for (const [what, key, value] of absent) {
    test(what, () => {
      const config = { [key]: value } as BrokerConfig
      assert.throws(() => mqtt(config), { code: 'ERR_CONFIG', key: `mqtt.${key}` })
    })
  }
})
