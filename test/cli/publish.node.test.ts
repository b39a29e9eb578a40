/**
 * `devicehub publish` against real Mosquitto and the embedded broker.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { mqtt } from '../../adapters/mqtt/index.ts'
import type { Broker, Message } from '../../src/index.ts'
import { freePort, type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector } from '../support/wait.ts'
import { type Folder, type Host, hosts, node, type Outcome, run, userFolder } from './command.ts'
import { configModule, embeddedSite, HUB_PASSWORD } from './site.ts'

const TOPIC = 'things/weatherstation/S-1/cmd'
const COMMAND = '{"command":"ping","big":12345678901234567890}'
const PASSWORD = { DEVICEHUB_BROKERS_DEFAULT_PASSWORD: HUB_PASSWORD }

interface Received extends AsyncDisposable {
  readonly messages: Collector<Message>
}

/** Subscribes as somebody else. */
async function receive(
  url: string,
  { username, password }: { username: string; password: string },
): Promise<Received> {
  const messages = new Collector<Message>()
  const broker: Broker = mqtt({ url, username, password })
  await broker.connect({ onMessage: async (message) => messages.push(message) })
  await broker.subscribe([{ filter: TOPIC, qos: 2 }])
  return { messages, [Symbol.asyncDispose]: () => broker.close() }
}

const textOf = ({ payload }: Message) => new TextDecoder().decode(payload)

describe('on Mosquitto', { skip: mosquittoMissing }, () => {
  const reader = { username: 'reader', password: 'a password to read with' }
  let mosquitto: Promise<Mosquitto> | undefined
  after(async () => (await mosquitto)?.stop())
  async function site(): Promise<{ url: string; folder: Folder }> {
    mosquitto ??= startMosquitto({
      logins: { hub: HUB_PASSWORD, reader: reader.password },
      acl: ['user hub', 'topic write things/+/+/cmd', 'user reader', 'topic read #'],
    })
    const { url } = await mosquitto
    const hub = { url, username: 'hub', clientId: 'hub//kept', sessionExpiry: 600 }
    const brokers = { default: hub, lorawan: { port: 1 } }
    return { url, folder: userFolder({ 'devicehub.config.ts': configModule('station', brokers) }) }
  }

  async function publishes(host: Host): Promise<void> {
    const { url, folder } = await site()
    using _ = folder
    await using received = await receive(url, reader)
    const { code, stdout, stderr } = await run(host, folder, ['publish', TOPIC, COMMAND], PASSWORD)
    assert.deepEqual([code, stderr], [0, ''])
    assert.equal(stdout, `default published "${TOPIC}" (QoS 1)\n`)
    const [message] = await received.messages.reach(1, 'messages')
    // As it was given: no number went through a reader of JSON.
    assert.equal(textOf(message!), COMMAND)
    assert.deepEqual([message!.qos, message!.retain], [1, false])
  }
  for (const host of hosts) {
    test(`a message as the hub, on ${host.name}`, { skip: host.missing }, () => publishes(host))
  }

  test('with another QoS, and retained until an empty one comes', async () => {
    const { url, folder } = await site()
    using _ = folder
    const args = ['publish', TOPIC, '1', '--retain', '--qos', '2']
    const kept = await run(node, folder, args, PASSWORD)
    assert.equal(kept.stdout, `default published "${TOPIC}" (QoS 2, retained)\n`)
    {
      await using received = await receive(url, reader)
      const [message] = await received.messages.reach(1, 'retained messages')
      assert.deepEqual([textOf(message!), message!.qos, message!.retain], ['1', 2, true])
    }
    assert.equal((await run(node, folder, ['publish', TOPIC, '', '--retain'], PASSWORD)).code, 0)
    await using received = await receive(url, reader)
    await run(node, folder, ['publish', TOPIC, '"last"'], PASSWORD)
    await received.messages.reach(1, 'messages')
    assert.deepEqual(received.messages.items.map(textOf), ['"last"'])
  })

  test('what the login may not publish is refused: broker and code', async () => {
    const { folder } = await site()
    using _ = folder
    const args = ['publish', 'things/weatherstation/S-1/data', '{}']
    assertLine(await run(node, folder, args, PASSWORD), /broker "default": ERR_BROKER_NOT_AUTH/, 1)
  })

  test('to a topic of no type it has to be said through which broker', async () => {
    const { folder } = await site()
    using _ = folder
    const refused = await run(node, folder, ['publish', 'a/b/c/cmd', '{}'], PASSWORD)
    assertLine(refused, /the topic is of no device type: say by --broker .*\(default, lorawan\)/, 2)
    const args = ['publish', 'things/b/c/cmd', '{}', '--broker', 'default']
    assert.equal((await run(node, folder, args, PASSWORD)).code, 0)
  })
})

test('on the embedded broker, through the only one there is', async () => {
  await using site = await embeddedSite()
  const { url } = site.broker
  const brokers = { default: { url, username: 'hub' } }
  using folder = userFolder({ 'devicehub.config.ts': configModule('station', brokers) })
  await using received = await receive(url, site.login)
  assert.equal((await run(node, folder, ['publish', TOPIC, COMMAND], PASSWORD)).code, 0)
  const [message] = await received.messages.reach(1, 'messages')
  assert.equal(textOf(message!), COMMAND)
})

/** One line, as expected, and nothing else. */
function assertLine({ code, stdout, stderr }: Outcome, expected: RegExp, exit: number): void {
  assert.match(stderr, /^devicehub: [^\n]+\n$/)
  assert.match(stderr, expected)
  assert.equal(stdout, '')
  assert.equal(code, exit)
}

describe('what is wrong is one line, and nothing is published', async () => {
  const port = await freePort()
  const brokers = { default: { host: '127.0.0.1', port }, other: { host: '127.0.0.1', port } }
  for (const [title, args, line, exit] of [
    [
      'JSON that a shell took the quotes of',
      [TOPIC, '{rpm:1}'],
      /the payload is no JSON: .*single quotes/,
      2,
    ],
    ['a text without quotes', [TOPIC, 'correct-horse'], /the payload is no JSON/, 2],
    ['two values', [TOPIC, '1 2'], /the payload is no JSON/, 2],
    ['nothing, which is not to be retained', [TOPIC, ''], /the payload is no JSON/, 2],
    [
      'a wildcard',
      ['things/weatherstation/+/cmd', '{}'],
      /Invalid topic name "things\/weatherstation\/\+\/cmd": /,
      2,
    ],
    ['an empty topic', ['', '{}'], /Invalid topic name ""/, 2],
    [
      'a topic of a type on a broker that is not configured',
      ['things/node/N-1/cmd', '{}'],
      /there is no broker "lorawan", which the device type "node" uses \(configured: default, other\)/,
      2,
    ],
    [
      'a broker that is not configured',
      [TOPIC, '{}', '--broker', 'cloud'],
      /there is no broker "cloud" \(configured: default, other\)/,
      2,
    ],
    [
      'a file that is not there',
      [TOPIC, '{}', '--config', 'other.ts'],
      /other\.ts: there is no such file/,
      2,
    ],
    [
      'a broker that cannot be reached',
      [TOPIC, '{}'],
      /broker "default": ERR_BROKER_UNREACHABLE/,
      1,
    ],
  ] as const) {
    test(title, async () => {
      using folder = userFolder({ 'devicehub.config.ts': configModule('station, node', brokers) })
      const outcome = await run(node, folder, ['publish', ...args])
      assertLine(outcome, line, exit)
      assert.doesNotMatch(outcome.stderr, /correct|horse/)
    })
  }

  test('no configuration', async () => {
    using folder = userFolder()
    const outcome = await run(node, folder, ['publish', TOPIC, '{}'])
    assertLine(outcome, /there is no configuration file here/, 2)
  })
})
