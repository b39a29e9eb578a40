/**
 * Commands sent by a watcher: the hub's outcomes, without a hub.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import {
  type Broker,
  BrokerError,
  type CommandError,
  createWatcher,
  memoryBroker,
  memoryServer,
  type Subscription,
  sendCommands,
} from '../../src/index.ts'
import { type VirtualClock, virtualClock } from '../../src/testing/index.ts'
import { bytesOf, CMD, counted, REPLY, station, watching } from './fixture.ts'

const ID = { id: 'S-1' }

let clock: VirtualClock
beforeEach(() => {
  clock = virtualClock()
})
afterEach(() => clock.close())

/** Answers each command with what is made of it. */
function answering(make: (payload: unknown) => object, topic = REPLY) {
  return ({ id, payload }: Record<string, unknown>, devices: Broker) => {
    void devices.publish({ topic, payload: bytesOf({ id, ...make(payload) }) })
  }
}

describe('a command', () => {
  test('settles with the typed reply, which is subscribed to for as long as it is wanted', async () => {
    await using site = await watching({}, (payload, devices) =>
      answering((asked) => ({ payload: asked }))(payload, devices),
    )
    const watch = site.watcher.watch(station, ID)
    const { interval } = await watch.send('setInterval', { interval: 60 })
    assert.equal(interval, 60)
    await watch.send('setInterval', { interval: 61 })
    assert.deepEqual(site.asked, [`+ ${REPLY}`])
    await clock.advance(2)
    assert.deepEqual(site.asked, [`+ ${REPLY}`, `- ${REPLY}`])
  })

  test('that declares no reply subscribes to nothing', async () => {
    await using site = await watching()
    assert.equal(await site.watcher.watch(station, ID).send('reboot'), undefined)
    assert.deepEqual(site.asked, [])
  })

  const outcomes: [title: string, make: (asked: unknown) => object, code: string, text: RegExp][] =
    [
      [
        'a failure',
        () => ({ error: { code: 'E7', message: 'stuck' } }),
        'ERR_COMMAND_FAILED',
        /stuck/,
      ],
      ['another form', () => ({ payload: 'ok' }), 'ERR_COMMAND_REPLY_INVALID', /Expected Object/],
      ['neither', () => ({}), 'ERR_COMMAND_REPLY_INVALID', /"payload" or "error"/],
    ]
  for (const [title, make, code, text] of outcomes) {
    test(`that is answered by ${title} rejects with ${code}`, async () => {
      await using site = await watching({}, answering(make))
      const sent = site.watcher.watch(station, ID).send('setInterval', { interval: 1 })
      await assert.rejects(sent, (error: CommandError) => {
        assert.equal(error.code, code)
        assert.equal(error.device, 'weatherstation/S-1')
        assert.match(error.message, text)
        return true
      })
    })
  }

  test('that is not answered times out, and what comes then is rejected', async () => {
    let asked: Record<string, unknown> = {}
    await using site = await watching({}, (payload) => {
      asked = payload
    })
    const sent = site.watcher
      .watch(station, ID)
      .send('setInterval', { interval: 1 }, { timeout: 3 })
    const rejected = assert.rejects(sent, { code: 'ERR_COMMAND_TIMED_OUT' })
    await clock.advance(3)
    await rejected
    await site.say(REPLY, { id: asked.id, payload: { interval: 1 } })
    await clock.advance(0)
    assert.deepEqual(
      site.rejected.items.map(({ code }) => code),
      ['reply-unexpected'],
    )
  })

  test('leaves the replies to others alone', async () => {
    await using site = await watching({}, (payload, devices) => {
      void devices.publish({ topic: REPLY, payload: bytesOf({ id: 'other.1', payload: {} }) })
      answering((asked) => ({ payload: asked }))(payload, devices)
    })
    await site.watcher.watch(station, ID).send('setInterval', { interval: 1 })
    assert.deepEqual(site.rejected.items, [])
  })

  test('ends where the watcher is closed', async () => {
    const site = await watching()
    const sent = site.watcher.watch(station, ID).send('setInterval', { interval: 1 })
    const rejected = assert.rejects(sent, { code: 'ERR_COMMAND_TIMED_OUT' })
    await clock.advance(0)
    await site.watcher.close()
    await rejected
    await site.devices.close()
  })

  const wrong: [title: string, args: readonly unknown[], expected: object][] = [
    ['an unknown name', ['explode'], { name: 'TypeError' }],
    ['another payload', ['setInterval', { interval: 'x' }], { code: 'ERR_PAYLOAD_INVALID' }],
    ['no payload', ['setInterval'], { code: 'ERR_PAYLOAD_INVALID' }],
    ['a payload too many', ['reboot', {}, {}], { name: 'TypeError' }],
    ['an unknown option', ['reboot', { timeouts: 1 }], { name: 'TypeError' }],
    ['a time that is none', ['reboot', { timeout: 0 }], { name: 'TypeError' }],
  ]
  for (const [title, args, expected] of wrong) {
    test(`with ${title} is refused, and nothing is sent`, async () => {
      const commands: unknown[] = []
      await using site = await watching({}, (payload) => commands.push(payload))
      const watch = site.watcher.watch(station, ID) as unknown as {
        send(...all: readonly unknown[]): Promise<unknown>
      }
      await assert.rejects(watch.send(...args), expected)
      await clock.advance(0)
      assert.deepEqual([site.asked, commands], [[], []])
    })
  }

  test('is none of a watcher that was made without commands', async () => {
    await using watcher = createWatcher(memoryBroker())
    const sent = watcher.watch(station, ID).send('reboot')
    await assert.rejects(sent, { code: 'ERR_CONFIG', key: 'commands' })
  })

  test('without a connection is not sent', async () => {
    await using watcher = createWatcher(memoryBroker(), { commands: sendCommands() })
    const watch = watcher.watch(station, ID)
    const code = 'ERR_COMMAND_NOT_SENT'
    await assert.rejects(watch.send('setInterval', { interval: 1 }), { code })
    await assert.rejects(watch.send('reboot'), { code })
  })

  test('of which the reply may not be heard is not sent', async () => {
    const server = memoryServer()
    const broker = counted(memoryBroker(server))
    const commands: unknown[] = []
    const devices = memoryBroker(server)
    await devices.connect({ onMessage: (message) => void commands.push(message) })
    await devices.subscribe([{ filter: CMD }])
    const connection = {
      ...broker,
      async subscribe() {
        throw new BrokerError('ERR_BROKER_NOT_AUTHORIZED', 'not authorized')
      },
    }
    await using watcher = createWatcher(connection, { commands: sendCommands() })
    await watcher.start()
    await assert.rejects(watcher.watch(station, ID).send('setInterval', { interval: 1 }), {
      code: 'ERR_COMMAND_NOT_AUTHORIZED',
      message: /its reply cannot be heard: not authorized/,
    })
    await clock.advance(0)
    assert.deepEqual(commands, [])
    await devices.close()
  })

  test('that timed out while its reply was subscribed to is not sent after that', async () => {
    const server = memoryServer()
    const broker = counted(memoryBroker(server))
    const commands: unknown[] = []
    const devices = memoryBroker(server)
    await devices.connect({ onMessage: (message) => void commands.push(message) })
    await devices.subscribe([{ filter: CMD }])
    let go = () => {}
    const gone = new Promise<void>((resolve) => {
      go = resolve
    })
    const connection = {
      ...broker,
      async subscribe(subscriptions: readonly Subscription[]) {
        await gone
        return broker.subscribe(subscriptions)
      },
    }
    await using watcher = createWatcher(connection, { commands: sendCommands() })
    await watcher.start()
    const sent = watcher.watch(station, ID).send('setInterval', { interval: 1 }, { timeout: 1 })
    const rejected = assert.rejects(sent, { code: 'ERR_COMMAND_TIMED_OUT' })
    await clock.advance(1)
    await rejected
    go()
    await clock.advance(0)
    assert.deepEqual(commands, [])
    assert.deepEqual(broker.asked, [`+ ${REPLY}`])
    await devices.close()
  })
})
