/**
 * What a fleet denies is told to whoever listens, with who, what and why.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  createFleet,
  type DeniedEvent,
  defineDeviceType,
  type Fleet,
  memoryStore,
} from '../../src/index.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })

/** A fleet with a device, and all that is told. */
async function site(options: { readonly observer?: () => void } = {}) {
  const fleet = createFleet({ types: [pump], store: memoryStore(), ...options })
  const device = await fleet.provision(pump, 'P-1')
  const told: DeniedEvent[] = []
  const stop = fleet.onDenied((denied) => told.push(denied))
  return { fleet, device, told, stop }
}

const username = 'pump/P-1'
const asked: readonly [
  title: string,
  ask: (fleet: Fleet, password: string) => unknown,
  expected: readonly unknown[] | undefined,
][] = [
  ['a right login', (fleet, password) => fleet.authenticate({ username, password }), undefined],
  [
    'a wrong password',
    (fleet) => fleet.authenticate({ username, password: 'wrong-secret-word' }),
    [
      'connect',
      username,
      undefined,
      'password-wrong',
      '"pump/P-1" may not connect: the password is wrong.',
    ],
  ],
  [
    'a login without a name',
    (fleet) => fleet.authenticate({ username: undefined, password: 'x' }),
    [
      ...['connect', undefined, undefined, 'credentials-missing'],
      'A client without a user name may not connect: a user name or password is missing.',
    ],
  ],
  [
    'what is granted',
    (fleet) => fleet.authorize({ username, action: 'publish', topic: 'things/pump/P-1/data' }),
    undefined,
  ],
  [
    'another device’s topic, asked by findDenial',
    (fleet) => fleet.findDenial({ username, action: 'publish', topic: 'things/pump/P-2/data' }),
    [
      ...['publish', username, 'things/pump/P-2/data', 'no-rule-grants'],
      'pump/P-1 may not publish to "things/pump/P-2/data": its rule grants "things/pump/P-1/data" only; that topic belongs to the device "P-2".',
    ],
  ],
  [
    'the same, asked by authorize',
    (fleet) => fleet.authorize({ username, action: 'subscribe', topic: 'things/pump/+/cmd' }),
    [
      ...['subscribe', username, 'things/pump/+/cmd', 'no-rule-grants'],
      'pump/P-1 may not subscribe to "things/pump/+/cmd": its rule grants "things/pump/P-1/cmd" only, and "+" asks for every name in place of "P-1".',
    ],
  ],
  [
    'an explanation, which decides nothing',
    (fleet) => fleet.explain({ username, action: 'publish', topic: 'x' }),
    undefined,
  ],
]

for (const isObserved of [false, true]) {
  describe(`told of${isObserved ? ', beside an observer' : ''}`, () => {
    for (const [title, ask, expected] of asked) {
      test(`${title}: ${expected ? 'once' : 'not'}`, async () => {
        const { fleet, device, told } = await site(isObserved ? { observer() {} } : {})
        await ask(fleet, device.password)
        const seen = told.map((denied) => {
          const { action, username, topic, code } = denied
          return [action, username, topic, code, denied.explain()]
        })
        assert.deepEqual(seen, expected ? [expected] : [])
        assert.ok(told.every(({ at }) => Math.abs(Date.now() - at) < 60_000))
        assert.ok(!JSON.stringify(seen).includes('wrong-secret-word'))
      })
    }
  })
}

test('whoever has stopped hears nothing, and each stops for itself', async () => {
  const { fleet, told, stop } = await site()
  const other: DeniedEvent[] = []
  const listener = (denied: DeniedEvent) => void other.push(denied)
  const stopOne = fleet.onDenied(listener)
  const stopTwo = fleet.onDenied(listener)
  stop()
  stopOne()
  const ask = () => fleet.authorize({ username, action: 'publish', topic: 'x' })
  await ask()
  assert.deepEqual([told.length, other.length], [0, 1])
  stopTwo()
  await ask()
  assert.equal(other.length, 1)
})

test('one that throws keeps nobody from hearing, and nothing from being decided', async () => {
  const { fleet, told } = await site()
  fleet.onDenied(() => assert.fail('it fails'))
  fleet.onDenied((denied) => told.push(denied))
  const { effect } = await fleet.authorize({ username, action: 'publish', topic: 'x' })
  assert.deepEqual([effect, told.length], ['deny', 2])
})
