/**
 * Device types and commands that are named by texts, as a route gets them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CommandError,
  DeviceTypeUnknownError,
  type Message,
  PayloadError,
} from '../../src/index.ts'
import { Collector } from '../support/wait.ts'
import { bytes, type Fixture, fixture, parse, pump, weatherStation } from './fixture.ts'

/** What a route does with the parts of its path, and with its body. */
function send({ fleet, hub }: Fixture, type: string, id: string, command: string, body: unknown) {
  return hub.device(fleet.type(type), id).sendByName(command, body, { timeout: 5 })
}

/** A hub whose devices answer with the payload that they get. */
async function site(): Promise<Fixture & { received: Collector<Message> }> {
  const f = await fixture()
  const received = new Collector<Message>()
  f.onCommand(async (message) => {
    received.push(message)
    const { correlationData, responseTopic } = message
    if (!responseTopic) return
    const payload = bytes({ payload: parse(message).payload })
    await f.devices.publish({
      topic: responseTopic,
      payload,
      ...(correlationData && { correlationData }),
    })
  })
  await f.hub.start()
  return { ...f, received }
}

describe('a device type by its name', () => {
  test('is the one that was declared', async () => {
    await using f = await fixture()
    assert.equal(f.fleet.type('weatherstation'), weatherStation)
    assert.equal(f.fleet.type('pump'), pump)
  })

  for (const name of [
    'Pump',
    'pump ',
    '',
    'constructor',
    '__proto__',
    'a/b',
    '\u202e',
    'x'.repeat(999),
  ]) {
    test(`${JSON.stringify(name.slice(0, 20))} is none: the error says which there are`, async () => {
      await using f = await fixture()
      assert.throws(
        () => f.fleet.type(name),
        (error: unknown) => {
          assert.ok(error instanceof DeviceTypeUnknownError)
          assert.equal(error.code, 'ERR_DEVICE_TYPE_UNKNOWN')
          assert.match(
            error.message,
            /^There is no device type ".*: there is weatherstation, pump$/,
          )
          assert.doesNotMatch(error.message, /\p{Cf}/u)
          assert.equal(error.type, name.slice(0, 200))
          return true
        },
      )
    })
  }
})

describe('a command by its name', () => {
  test('goes out with its payload, and the reply comes back', async () => {
    await using f = await site()
    const reply = await send(f, 'weatherstation', 'STATION-001', 'setInterval', { interval: 7 })
    assert.deepEqual(reply, { interval: 7 })
  })

  test('without a payload, where it declares none', async () => {
    await using f = await site()
    assert.equal(await send(f, 'weatherstation', 'STATION-001', 'reboot', undefined), undefined)
    const [message] = await f.received.reach(1, 'commands')
    assert.equal(parse(message!).command, 'reboot')
    assert.equal(message!.messageExpiry, 5)
  })

  test('is sent to no device that is not on record', async () => {
    await using f = await site()
    await assert.rejects(send(f, 'weatherstation', 'STATION-9', 'reboot', undefined), {
      code: 'ERR_DEVICE_UNKNOWN',
    })
    assert.deepEqual(f.received.items, [])
  })

  for (const [name, body] of [
    ['setInterval', { interval: 'x' }],
    ['setInterval', undefined],
    ['setInterval', null],
    // What would be options, if it stood where those stand.
    ['reboot', { timeout: 86_400 }],
    ['reboot', null],
    ['reboot', {}],
  ] as const) {
    test(`${name} with ${JSON.stringify(body)} is refused, and nothing is sent`, async () => {
      await using f = await site()
      const sending = send(f, 'weatherstation', 'STATION-001', name, body)
      await assert.rejects(sending, PayloadError)
      assert.deepEqual(f.received.items, [])
    })
  }

  for (const name of ['selfDestruct', 'constructor', '__proto__', 'toString', '', 'a\nb']) {
    test(`${JSON.stringify(name)} is none: ERR_COMMAND_UNKNOWN`, async () => {
      await using f = await site()
      const sending = send(f, 'weatherstation', 'STATION-001', name, {})
      await assert.rejects(sending, (error: unknown) => {
        assert.ok(error instanceof CommandError)
        assert.equal(error.code, 'ERR_COMMAND_UNKNOWN')
        assert.doesNotMatch(error.message, /\n/)
        return true
      })
      assert.deepEqual(f.received.items, [])
    })
  }
})
