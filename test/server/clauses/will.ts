/**
 * Wills (MQTT 5, sections 3.1.2.5 to 3.1.2.7 and 3.1.3.2).
 *
 * @module
 */
import assert from 'node:assert/strict'
import { assertEnded, type Client, type Site, will } from '../fixture.ts'
import { connectBytes, refusesFirst } from './bytes.ts'
import type { Clause, ClauseTest } from './clause.ts'

/** Somebody who is sent the wills on the topic "w". */
async function listen(s: Site): Promise<Client> {
  const listener = await s.connect('listener')
  await listener.subscribe('w', { qos: 2 })
  return listener
}

const isPublished: ClauseTest = async (make) => {
  const s = make()
  const listener = await listen(s)
  await (await s.connect('a', will('w', 'lost'))).lose()
  await (await s.connect('a', will('w', 'protocol error'))).bytes('00 00')
  await s.connect('a', will('w', 'taken over'))
  await s.connect('a', { ...will('w', 'silent'), keepAlive: 1 })
  await s.advance(2_000)
  assert.deepEqual(listener.texts(), ['lost', 'protocol error', 'taken over', 'silent'])
  const polite = await s.connect('a', will('w', 'disconnected'))
  await polite.disconnect()
  assert.deepEqual(listener.texts(), [])
}

const isPublishedOnce: ClauseTest = async (make) => {
  const s = make()
  const listener = await listen(s)
  await (await s.persist('a', will('w', 'once'))).lose()
  assert.deepEqual(listener.texts(), ['once'])
  await (await s.persist('a')).lose()
  await (await s.persist('a', will('w', 'dropped'))).disconnect()
  await (await s.persist('a')).lose()
  await s.advance(10_000_000)
  assert.deepEqual(listener.texts(), [])
}

const hasItsFields: ClauseTest = async (make) => {
  const properties = make().version === 5 ? '00' : ''
  for (const payload of ['0001 61', `0001 61 ${properties} 0001 77`, `0001 61 0001 77 0001`]) {
    await refusesFirst(make(), connectBytes(make(), { flags: '06', payload }))
  }
  await make().connect('a', will('w', ''))
}

const hasItsQos: ClauseTest = async (make) => {
  const s = make()
  const listener = await listen(s)
  for (const qos of [0, 1, 2] as const) await (await s.connect('a', will('w', '', { qos }))).lose()
  assert.deepEqual(
    listener.messages().map(({ qos }) => qos),
    [0, 1, 2],
  )
  await refusesFirst(make(), connectBytes(s, { flags: '1e', payload: '0001 61 00 0001 77 0000' }))
}

async function retainedWill(s: Site, retain: boolean): Promise<readonly string[]> {
  await (await s.connect('a', will('w', 'last', { retain }))).lose()
  const late = await s.connect('late')
  await late.subscribe('w')
  return late.texts()
}

const isTopic: ClauseTest = async (make) => {
  for (const topic of ['0001 ff', '0001 00', '0003 eda080']) {
    const payload = `0001 61 ${make().version === 5 ? '00' : ''} ${topic} 0000`
    await refusesFirst(make(), connectBytes(make(), { flags: '06', payload }))
  }
  for (const topic of ['#', 'a/+', '', 'x/'.repeat(128)]) {
    const s = make()
    const client = s.raw()
    if (s.version === 5) {
      assert.equal((await client.connect('a', will(topic, 'm'))).reasonCode, 0x90)
    } else {
      await assert.rejects(client.connect('a', will(topic, 'm')), /there is no connack/)
    }
    assert.equal(client.state, 'ended')
    assert.deepEqual(s.told('connected'), [])
  }
  await make().connect('a', will('x/'.repeat(127), 'm'))
}

export const WILL_CLAUSES: readonly Clause[] = [
  [
    '3.1.2-7',
    'a will is kept with the session',
    async (make) => {
      const s = make()
      const listener = await listen(s)
      const client = await s.persist('a', will('w', 'mine', { willDelayInterval: 5 }))
      await client.lose()
      assert.deepEqual(listener.texts(), [])
      await s.advance(6_000)
      assert.deepEqual(listener.texts(), ['mine'])
    },
  ],
  [
    '3.1.2-8',
    'it is published after its delay or when the session ends, unless the client says goodbye or comes back',
    async (make) => {
      await isPublished(make)
      const s = make()
      const listener = await listen(s)
      const delayed = (seconds: number) => will('w', `${seconds}`, { willDelayInterval: seconds })
      await (await s.persist('delay', delayed(5))).lose()
      await (await s.persist('expiry', { ...delayed(50), sessionExpiryInterval: 8 })).lose()
      await (await s.connect('none', delayed(60))).lose()
      assert.deepEqual(listener.texts(), ['60'])
      await s.advance(4_000)
      assert.deepEqual(listener.texts(), [])
      await s.advance(2_000)
      assert.deepEqual(listener.texts(), ['5'])
      await s.advance(3_000)
      assert.deepEqual(listener.texts(), ['50'])
      await (await s.persist('back', delayed(70))).lose()
      await s.persist('back')
      await (await s.persist('anew', delayed(80))).lose()
      await s.connect('anew')
      await s.advance(1_000_000)
      // A clean start ends the session, and with it the delay.
      assert.deepEqual(listener.texts(), ['80'])
    },
  ],
  ['3.1.2-9', 'with the will flag there are its topic and payload', hasItsFields],
  ['3.1.2-10', 'a will that was published, or dropped, is gone', isPublishedOnce],
  ['3.1.2-12', 'its QoS is 0, 1 or 2', hasItsQos],
  [
    '3.1.2-14',
    'it is not retained if it is not to be',
    async (make) => assert.deepEqual(await retainedWill(make(), false), []),
  ],
  [
    '3.1.2-15',
    'it is retained if it is to be',
    async (make) => assert.deepEqual(await retainedWill(make(), true), ['last']),
  ],
  [
    '3.1.3-9',
    'a client that comes back within the delay has its will not published',
    async (make) => {
      const s = make()
      const listener = await listen(s)
      const fields = will('w', 'gone', { willDelayInterval: 10 })
      const first = await s.persist('a', fields)
      await first.lose()
      await s.advance(9_000)
      const second = await s.persist('a', fields)
      await s.advance(100_000)
      assert.deepEqual(listener.texts(), [])
      // Taken over by itself, too.
      const third = await s.persist('a', fields)
      assertEnded(second, 0x8e)
      await s.advance(100_000)
      assert.deepEqual(listener.texts(), [])
      await third.lose()
      await s.advance(11_000)
      assert.deepEqual(listener.texts(), ['gone'])
    },
  ],
  [
    '3.1.3-10',
    'its user properties keep their order',
    async (make) => {
      const s = make()
      const listener = await listen(s)
      const userProperties = [
        ['b', '1'],
        ['a', '2'],
        ['b', '3'],
      ] as const
      const fields = { userProperties, willDelayInterval: 0, contentType: 'text/plain' }
      await (await s.connect('a', will('w', 'm', fields))).lose()
      const [message] = listener.messages()
      assert.deepEqual(message?.userProperties, userProperties)
      assert.equal(message?.contentType, 'text/plain')
    },
  ],
  ['3.1.3-11', 'its topic is a topic name in UTF-8', isTopic],
]
