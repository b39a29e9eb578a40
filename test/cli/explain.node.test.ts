/**
 * `devicehub explain`: what is printed, and the exit codes of an answer and of none.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Host, hosts, node, run, userFolder } from './command.ts'
import { configModule, TYPES } from './site.ts'

const TYPES_ALONE = configModule('station', { default: {} })
/** A fleet with one device that has rules of its own, and a hub. */
const FLEET = `${TYPES}
import { createFleet, memoryStore } from 'devicehub'
import { defineConfig } from 'devicehub/cli'
const fleet = createFleet({
  types: [station],
  store: memoryStore(),
  services: [{ username: 'hub', password: 'a password for the hub', rules: 'hub' }],
})
await fleet.provision(station, 'S-1', { rules: [
  { effect: 'allow', actions: ['publish'], filter: 'fast', maxQos: 0 },
  { effect: 'allow', actions: ['publish'], filter: 'state', retain: true },
  { effect: 'allow', actions: ['subscribe'], filter: 'own/{clientId}' },
  { effect: 'allow', actions: ['subscribe'], filter: 'news/#' },
  { effect: 'deny', actions: ['subscribe'], filter: 'news/internal' },
] })
await fleet.provision(station, 'S-2')
await fleet.revoke(station, 'S-2')
export default defineConfig({ fleet })
`
const S1 = 'weatherstation/S-1'
const DATA = 'things/weatherstation/S-1/data'

const allowed: readonly (readonly string[])[] = [
  [S1, 'publish', DATA],
  [S1, 'subscribe', 'things/weatherstation/S-1/cmd'],
  [S1, 'publish', 'fast', '--qos', '0'],
  [S1, 'publish', 'state', '--retain'],
  [S1, 'subscribe', 'own/c-1', '--client-id', 'c-1'],
  [S1, 'subscribe', 'news/+/today'],
  ['hub', 'subscribe', '$share/devicehub/things/weatherstation/+/data'],
]

const denied: readonly [args: readonly string[], code: string, ...misses: RegExp[]][] = [
  [
    [S1, 'subscribe', 'things/weatherstation/+/cmd'],
    'no-rule-grants',
    /^wider-than-rule: .*"\+" asks/,
  ],
  [[S1, 'publish', 'things/weatherstation/S-9/data'], 'no-rule-grants', /^other-device: .*"S-9"/],
  [[S1, 'subscribe', DATA], 'no-rule-grants', /^other-action: .*only to publish/],
  [[S1, 'publish', 'fast'], 'no-rule-grants', /^qos-above-maximum: .*QoS 1 was asked for/],
  [[S1, 'publish', 'state'], 'no-rule-grants', /^retain-flag: .*only with the retain flag/],
  [[S1, 'subscribe', 'own/c-1'], 'no-rule-grants'],
  [[S1, 'subscribe', 'news/internal'], 'denied-by-rule'],
  [[S1, 'publish', 'things/+/x'], 'topic-malformed'],
  [['weatherstation/S-2', 'publish', 'things/weatherstation/S-2/data'], 'principal-unknown'],
  [['weatherstation/S-3', 'publish', 'things/weatherstation/S-3/data'], 'principal-unknown'],
  [['nobody\u202e', 'publish', 'x'], 'principal-unknown'],
  [['', 'publish', 'x'], 'principal-unknown'],
]

async function explains(
  host: Host,
  args: readonly string[],
  config = FLEET,
): Promise<{ code: number | null; lines: readonly string[] }> {
  using folder = userFolder({ 'devicehub.config.ts': config })
  const { code, stdout, stderr } = await run(host, folder, ['explain', ...args])
  assert.equal(stderr, '')
  assert.doesNotMatch(stdout, /[^\n\x20-\x7e]/)
  return { code, lines: stdout.trimEnd().split('\n') }
}

describe('what is allowed: code 0', () => {
  for (const args of allowed) {
    test(args.join(' '), async () => {
      const { code, lines } = await explains(node, args)
      assert.deepEqual(lines.slice(0, 2), ['effect: allow', 'code: allowed-by-rule'])
      assert.match(lines[2]!, /^text: \S+ may (publish|subscribe) to ".*": its rule grants ".*"\.$/)
      assert.deepEqual([code, lines.length], [0, 3])
    })
  }
})

describe('what is denied: code 1, and what came near', () => {
  for (const [args, reason, ...misses] of denied) {
    test(args.join(' '), async () => {
      const { code, lines } = await explains(node, args)
      assert.deepEqual(lines.slice(0, 2), ['effect: deny', `code: ${reason}`])
      assert.match(lines[2]!, /^text: .* may not (publish|subscribe) to ".*": .*\.$/)
      const near = lines.slice(3).map((line) => /^near miss: (.*)$/.exec(line)?.[1])
      assert.equal(near.length >= misses.length, true)
      for (const [i, miss] of misses.entries()) assert.match(near[i]!, miss)
      assert.equal(code, 1)
    })
  }
})

describe('--json prints an object', () => {
  for (const [args, effect, exit] of [
    [allowed[0]!, 'allow', 0],
    [['nobody\u202e', 'publish', 'x'], 'deny', 1],
  ] as const) {
    test(args.join(' '), async () => {
      const { code, lines } = await explains(node, [...args, '--json'])
      assert.equal(lines.length, 1)
      const told = JSON.parse(lines[0]!)
      assert.deepEqual(Object.keys(told), ['effect', 'code', 'text', 'nearMisses'])
      assert.deepEqual([told.effect, code], [effect, exit])
    })
  }
})

describe('with device types alone every device of them counts as provisioned', () => {
  for (const [user, topic, expected] of [
    ['weatherstation/any', 'things/weatherstation/any/data', 0],
    ['weatherstation/any', 'things/weatherstation/other/data', 1],
    ['pump/any', 'things/pump/any/data', 1],
    ['weatherstation', 'things/weatherstation//data', 1],
    ['weatherstation/a/b', 'things/weatherstation/a/b/data', 1],
    ['hub', 'things/weatherstation/any/cmd', 1],
  ] as const) {
    test(`${user} publish ${topic}: code ${expected}`, async () => {
      assert.equal((await explains(node, [user, 'publish', topic], TYPES_ALONE)).code, expected)
    })
  }
})

for (const host of hosts.slice(1)) {
  test(`both codes on ${host.name}`, { skip: host.missing }, async () => {
    assert.equal((await explains(host, [S1, 'publish', DATA])).code, 0)
    assert.equal((await explains(host, [S1, 'subscribe', DATA])).code, 1)
  })
}

describe('no answer is code 2, so that none is taken for a denial', () => {
  const failing = FLEET.replace(
    'store: memoryStore()',
    "store: { ...memoryStore(), findByUsername: async () => { throw new Error('store away') } }",
  )
  for (const [title, config, args, problem] of [
    ['a store that fails', failing, [S1, 'publish', 'x'], /^devicehub: store away\n$/],
    ['no configuration', undefined, [S1, 'publish', 'x'], /there is no configuration file here/],
    [
      'another action',
      FLEET,
      [S1, 'pub', 'x'],
      /value 'pub' is invalid .* choices are publish, subscribe/,
    ],
    ['no topic', FLEET, [S1, 'publish'], /missing required argument 'topic'/],
    ['a QoS that there is not', FLEET, [S1, 'publish', 'x', '--qos', '3'], /It must be 0, 1 or 2/],
    [
      'a retained subscription',
      FLEET,
      [S1, 'subscribe', 'x', '--retain'],
      /^devicehub: --retain: /,
    ],
    ['too much', FLEET, [S1, 'publish', 'x', 'y'], /too many arguments/],
  ] as const) {
    test(title, async () => {
      using folder = userFolder(config === undefined ? {} : { 'devicehub.config.ts': config })
      const { code, stdout, stderr } = await run(node, folder, ['explain', ...args])
      assert.match(stderr, problem)
      assert.match(stderr, /^devicehub: /)
      assert.deepEqual([code, stdout], [2, ''])
    })
  }
})
