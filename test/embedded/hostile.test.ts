/**
 * What the embedded broker makes of clients that keep to no protocol: their connection ends, and
 * nobody else notices.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { DEFAULT_LIMITS } from '../../src/server/settings.ts'
import { within } from '../support/wait.ts'
import { OFFICE, openSite, reasonOf, type Site, type TestClient } from './fixture.ts'
import { packet, text } from './raw.ts'

/** A granted publish with properties, and without a payload. */
function publishWith(...properties: number[]): Buffer {
  return packet(0x30, text('things/pump/P-1/data'), properties.length, Buffer.of(...properties))
}

const CONNECT = packet(0x10, text('MQTT'), 5, 0x02, 0, 60, 0, text('raw'))
const SUBSCRIBE_ALL = packet(0x82, 0, 1, 0, text('#'), 0)
const PUBLISH = packet(0x30, text('things/pump/P-1/data'), 0, 'forged')
const UNSUBSCRIBE = packet(0xa2, 0, 1, 0, text('toString'))

/** Fails unless somebody who was there before still gets messages of somebody who comes now. */
async function stillServes(site: Site, witness: TestClient): Promise<void> {
  const seen = new Promise<string>((resolve) => witness.mqtt.once('message', resolve))
  const other = await site.connect(site.p2)
  await other.mqtt.publishAsync('things/pump/P-2/data', 'alive', { qos: 1 })
  assert.equal(await within(seen, 'message'), 'things/pump/P-2/data')
}

async function openWitness(site: Site) {
  const witness = await site.connect(OFFICE)
  await witness.mqtt.subscribeAsync('things/#')
  return witness
}

describe('before the login, a connection ends that sends', () => {
  for (const [name, bytes] of [
    ['garbage', Buffer.from('\xff\x00garbage'.repeat(20), 'latin1')],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS greeting', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
    ['another packet than CONNECT', PUBLISH],
    ['a login that is none', CONNECT],
    ['packets behind a login that fails', Buffer.concat([CONNECT, SUBSCRIBE_ALL, PUBLISH])],
    ['an unsafe filter behind a login that fails', Buffer.concat([CONNECT, UNSUBSCRIBE])],
    ['a packet that announces 200 MB', Buffer.from([0x10, 0x80, 0x80, 0x80, 0x60, 0, 4])],
    ['two logins', Buffer.concat([CONNECT, CONNECT])],
  ] as const) {
    test(name, async () => {
      await using site = await openSite()
      const witness = await openWitness(site)
      const socket = await site.dial()
      socket.resume().write(bytes)
      await within(once(socket, 'close'), 'end of the connection')
      assert.equal(site.broker.connections, 1)
      await stillServes(site, witness)
      assert.deepEqual(
        site.log.lines.filter((line) => line.startsWith('error')),
        [],
      )
    })
  }

  test('the same in two parts, one right behind the other', async () => {
    await using site = await openSite()
    const witness = await openWitness(site)
    for (let i = 0; i < 20; i++) {
      const socket = await site.dial()
      socket.resume().write(CONNECT)
      setImmediate(() => socket.write(UNSUBSCRIBE))
      await within(once(socket, 'close'), 'end of the connection')
    }
    await stillServes(site, witness)
  })
})

describe('after the login, a connection ends that sends', () => {
  for (const [name, bytes] of [
    ['garbage', Buffer.from('\xff\x00garbage'.repeat(20), 'latin1')],
    ['a second CONNECT', CONNECT],
    ['a topic with a wildcard', packet(0x30, text('things/+/data'), 0, 'x')],
    ['an expiry twice', publishWith(2, 0, 0, 0, 9, 2, 0, 0, 0, 9)],
    ['a response topic cut short', publishWith(8, 0, 9, 0x61)],
    ['an expiry cut short', publishWith(2, 0)],
    ['a user property cut short', publishWith(38, 0, 1, 0x61, 0, 9)],
    ['a subscription identifier', publishWith(11, 1)],
    ['a property of another packet', publishWith(17, 0, 0, 0, 9)],
    ['a response topic with a wildcard', publishWith(8, 0, 1, 0x23)],
    ['a topic alias above the maximum', publishWith(35, 0, 17)],
    ['the topic alias 0', publishWith(35, 0, 0)],
    ['an unknown property', publishWith(0x7f, 1)],
    ['an unknown topic alias', packet(0x30, 0, 0, 3, 0x23, 0, 9, 'x')],
    ['a packet of the type 15', packet(0xf0, 0x18, 0)],
  ] as const) {
    test(name, async () => {
      await using site = await openSite()
      const witness = await openWitness(site)
      const client = await site.connect(site.p1)
      client.mqtt.stream.write(bytes)
      await within(client.ended, 'end of the connection')
      await stillServes(site, witness)
      assert.deepEqual([...new Set(witness.messages.items.map((m) => m.text))], ['alive'])
      assert.deepEqual(
        site.log.lines.filter((line) => line.startsWith('error')),
        [],
      )
    })
  }
})

test('a name that every object has is one like others, as topic and as filter', async () => {
  await using site = await openSite()
  const office = await site.connect(OFFICE)
  const device = await site.connect(site.p1)
  const names = ['__proto__', 'constructor', 'toString']
  await office.mqtt.subscribeAsync(names)
  for (const name of names) {
    await office.mqtt.publishAsync(name, name, { retain: true, qos: 1 })
    assert.deepEqual(await reasonOf(device.mqtt.subscribeAsync(name)), [0x87])
    await device.mqtt.unsubscribeAsync(name)
  }
  const messages = await office.messages.reach(3, 'messages')
  assert.deepEqual(
    messages.map(({ topic, text }) => [topic, text]),
    names.map((name) => [name, name]),
  )
})

test('a will of a QoS that there is not ends the connection, before the login', async () => {
  await using site = await openSite()
  const witness = await openWitness(site)
  const socket = await site.dial()
  const login = [text(OFFICE.username), text(OFFICE.password)]
  const will = [0, text('things/x'), text('gone')]
  socket.resume().write(packet(0x10, text('MQTT'), 5, 0xde, 0, 60, 0, text('c'), ...will, ...login))
  await within(once(socket, 'close'), 'end of the connection')
  assert.deepEqual(site.log.lines, [
    'info: The connection of a client that is not logged in ended: the QoS of the will is 3.',
  ])
  await stillServes(site, witness)
})

describe('a packet', () => {
  test('of the largest size is taken', async () => {
    await using site = await openSite()
    const { mqtt } = await site.connect(site.p1)
    const payload = Buffer.alloc(DEFAULT_LIMITS.maxPacketSize - 64)
    await within(mqtt.publishAsync('things/pump/P-1/data', payload, { qos: 1 }), 'PUBACK')
    assert.equal(mqtt.connected, true)
  })

  test('that is larger ends the connection, with "packet too large"', async () => {
    await using site = await openSite()
    const witness = await openWitness(site)
    const client = await site.connect(site.p1)
    client.mqtt.publish('things/pump/P-1/data', Buffer.alloc(DEFAULT_LIMITS.maxPacketSize), {
      qos: 0,
    })
    const code = await within(client.ended, 'end of the connection')
    assert.ok(code === 0x95 || code === undefined, `reason code ${code}`)
    assert.deepEqual(site.log.lines, [
      'info: The connection of pump/P-1 ended: the packet has 1048603 bytes, and at most 1048576 are allowed.',
    ])
    await stillServes(site, witness)
  })
})

test('a password that is not UTF-8 is refused', async () => {
  await using site = await openSite()
  const password = Buffer.from([0xff, 0xfe])
  await assert.rejects(
    // The type of MQTT.js has no bytes for a password, though it sends them.
    site.connect({ username: 'pump/P-1', password: password as unknown as string }),
    { code: 0x86 },
  )
  assert.equal(site.denials.items[0]?.code, 'password-malformed')
})

test('names from outside cannot forge a line of the log', async () => {
  await using site = await openSite()
  const username = 'x\nwarn: all is well\u2028\u202e'
  await assert.rejects(site.connect({ username, password: 'guess' }), { code: 0x86 })
  assert.equal(site.log.lines.length, 1)
  assert.doesNotMatch(site.log.lines[0]!, /[\n\u2028\u202e]/)
})
