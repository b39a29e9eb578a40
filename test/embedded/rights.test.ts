/**
 * What clients of the embedded broker may do, and how a denial reaches them and the operator.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { within } from '../support/wait.ts'
import { OFFICE, openSite, reasonOf, TEAM } from './fixture.ts'

const NOT_AUTHORIZED = 0x87

describe('a publish of a device', () => {
  for (const [topic, options, code] of [
    ['things/pump/P-1/data', { qos: 1 }, 0],
    ['things/pump/P-1/data', { qos: 2 }, 0],
    ['things/pump/P-1/status', { qos: 1, retain: true }, 0],
    ['things/pump/P-1/reply', { qos: 1 }, 0],
    ['audit/client-1', { qos: 1 }, 0],
    ['state/P-1', { qos: 1, retain: true }, 0],
    ['state/P-1', { qos: 1 }, NOT_AUTHORIZED],
    ['audit/client-2', { qos: 1 }, NOT_AUTHORIZED],
    ['things/pump/P-2/data', { qos: 1 }, NOT_AUTHORIZED],
    ['things/pump/P-2/data', { qos: 2 }, NOT_AUTHORIZED],
    ['things/pump/P-1/cmd', { qos: 1 }, NOT_AUTHORIZED],
    ['things/pump/P-1/data/more', { qos: 1 }, NOT_AUTHORIZED],
    ['$SYS/x/new/clients', { qos: 1 }, NOT_AUTHORIZED],
  ] as const) {
    const retain = 'retain' in options ? ', retained' : ''
    test(`to ${topic} with QoS ${options.qos}${retain}: ${code ? 'denied' : 'granted'}`, async () => {
      await using site = await openSite()
      const device = await site.connect(site.p1, { clientId: 'client-1' })
      assert.equal(await reasonOf(device.mqtt.publishAsync(topic, '{}', options)), code)
      // A denial costs the connection nothing.
      assert.equal(await reasonOf(device.mqtt.publishAsync('audit/client-1', '', { qos: 1 })), 0)
      assert.deepEqual(
        site.denials.items.map((denial) => [denial.action, denial.username, denial.topic]),
        code ? [['publish', 'pump/P-1', topic]] : [],
      )
    })
  }

  test('with QoS 0 is dropped when denied, and the connection stays', async () => {
    await using site = await openSite()
    const office = await site.connect(OFFICE)
    await office.mqtt.subscribeAsync('things/#')
    const device = await site.connect(site.p1)
    await device.mqtt.publishAsync('things/pump/P-2/data', 'forged')
    await device.mqtt.publishAsync('things/pump/P-1/data', 'own')
    const [message] = await office.messages.reach(1, 'messages')
    assert.deepEqual([message?.topic, message?.text], ['things/pump/P-1/data', 'own'])
    assert.equal(device.mqtt.connected, true)
  })

  test('ends the connection when denied under MQTT 3.1.1, and goes to nobody', async () => {
    await using site = await openSite()
    const office = await site.connect(OFFICE)
    await office.mqtt.subscribeAsync('things/#')
    const device = await site.connect(site.p1, { protocolVersion: 4 })
    device.mqtt.publish('things/pump/P-2/data', 'forged', { qos: 1 })
    await within(device.ended, 'end of the connection')
    await office.mqtt.publishAsync('things/fence', '')
    const [message] = await office.messages.reach(1, 'messages')
    assert.equal(message?.topic, 'things/fence')
  })

  test('tells the operator why, and the client only that', async () => {
    await using site = await openSite()
    const device = await site.connect(site.p1)
    let reason: unknown
    device.mqtt.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback') reason = packet.properties?.reasonString
    })
    await reasonOf(device.mqtt.publishAsync('things/pump/P-2/data', '', { qos: 1 }))
    assert.equal(reason, 'Not authorized: no rule grants it')
    const text =
      'pump/P-1 may not publish to "things/pump/P-2/data": its rule grants "things/pump/P-1/data" only; that topic belongs to the device "P-2".'
    assert.equal(site.denials.items[0]?.text, text)
    assert.deepEqual(site.log.lines, [`warn: ${text}`])
  })
})

describe('a subscription of a device', () => {
  for (const [filter, qos, code] of [
    ['things/pump/P-1/cmd', 1, 0],
    ['things/pump/P-1/cmd', 2, 0],
    ['news/#', 1, NOT_AUTHORIZED],
    ['news/weather/+', 1, 0],
    ['news/weather/+', 2, NOT_AUTHORIZED],
    ['news/internal/x', 0, NOT_AUTHORIZED],
    ['things/#', 0, NOT_AUTHORIZED],
    ['#', 0, NOT_AUTHORIZED],
    ['things/pump/+/cmd', 0, NOT_AUTHORIZED],
    ['things/pump/P-2/cmd', 0, NOT_AUTHORIZED],
    ['things/pump/P-1/data', 0, NOT_AUTHORIZED],
    ['$SYS/#', 0, NOT_AUTHORIZED],
  ] as const) {
    for (const protocolVersion of [5, 4] as const) {
      const name = `${filter} with QoS ${qos} over MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}`
      test(`to ${name}: ${code ? 'denied' : 'granted'}`, async () => {
        await using site = await openSite()
        const device = await site.connect(site.p1, { protocolVersion })
        const answer = await reasonOf(device.mqtt.subscribeAsync(filter, { qos }))
        assert.deepEqual(answer, code ? [protocolVersion === 5 ? code : 0x80] : 0)
        assert.equal(await reasonOf(device.mqtt.subscribeAsync('things/pump/P-1/cmd')), 0)
        assert.deepEqual(
          site.denials.items.map((denial) => [denial.action, denial.username, denial.topic]),
          code ? [['subscribe', 'pump/P-1', filter]] : [],
        )
      })
    }
  }

  test('is decided alone among several in one SUBSCRIBE', async () => {
    await using site = await openSite()
    const device = await site.connect(site.p1)
    const filters = ['news/sport', 'things/#', 'things/pump/P-1/cmd', 'news/internal/x']
    assert.deepEqual(await reasonOf(device.mqtt.subscribeAsync(filters, { qos: 1 })), [
      1,
      NOT_AUTHORIZED,
      1,
      NOT_AUTHORIZED,
    ])
    const office = await site.connect(OFFICE)
    for (const topic of ['things/x', 'news/internal/x', 'news/sport', 'things/pump/P-1/cmd']) {
      await office.mqtt.publishAsync(topic, '', { qos: 1 })
    }
    const messages = await device.messages.reach(2, 'messages')
    assert.deepEqual(
      messages.map(({ topic }) => topic),
      ['news/sport', 'things/pump/P-1/cmd'],
    )
  })
})

describe('a reason string', () => {
  test("names the client's own rule that denies", async () => {
    await using site = await openSite()
    const device = await site.connect(site.p1)
    let reason: unknown
    device.mqtt.on('packetreceive', (packet) => {
      if (packet.cmd === 'suback') reason = packet.properties?.reasonString
    })
    await reasonOf(device.mqtt.subscribeAsync('news/internal/x'))
    assert.equal(reason, 'Not authorized: a rule denies "news/internal/#"')
  })

  test('is not sent to a client that asked for none', async () => {
    await using site = await openSite()
    const properties = { requestProblemInformation: false }
    const device = await site.connect(site.p1, { properties })
    const reasons: unknown[] = []
    device.mqtt.on('packetreceive', (packet) => {
      if (packet.cmd === 'suback') reasons.push(packet.properties?.reasonString)
    })
    await reasonOf(device.mqtt.subscribeAsync('news/internal/x'))
    assert.deepEqual(reasons, [undefined])
  })
})

describe('a shared subscription', () => {
  for (const protocolVersion of [5, 4] as const) {
    const version = protocolVersion === 5 ? '5' : '3.1.1'
    test(`is granted under the share name of a rule alone (MQTT ${version})`, async () => {
      await using site = await openSite()
      const team = await site.connect(TEAM, { protocolVersion })
      const denied = protocolVersion === 5 ? NOT_AUTHORIZED : 0x80
      assert.equal(await reasonOf(team.mqtt.subscribeAsync('$share/team/things/#')), 0)
      for (const filter of [
        '$share/other/things/#',
        '$share/team/#',
        '$share/team/news/x',
        'things/#',
        'things/pump/P-1/data',
      ]) {
        assert.deepEqual(await reasonOf(team.mqtt.subscribeAsync(filter)), [denied])
      }
      const device = await site.connect(site.p1)
      const one = device.mqtt.subscribeAsync('$share/team/things/pump/P-1/cmd')
      assert.deepEqual(await reasonOf(one), [NOT_AUTHORIZED])
    })
  }

  test('brings each message to one of its members, in turn', async () => {
    await using site = await openSite()
    const members = [await site.connect(TEAM), await site.connect(TEAM)]
    for (const { mqtt } of members) await mqtt.subscribeAsync('$share/team/things/#', { qos: 1 })
    const device = await site.connect(site.p1)
    for (let i = 0; i < 10; i++) {
      await device.mqtt.publishAsync('things/pump/P-1/data', `${i}`, { qos: 1 })
    }
    const heard = await Promise.all(members.map(({ messages }) => messages.reach(5, 'messages')))
    assert.deepEqual(
      heard.flatMap((messages) => messages.map(({ text }) => text)).sort(),
      [...Array(10).keys()].map(String),
    )
  })

  test('keeps what waits for a session that is resumed', async () => {
    await using site = await openSite()
    const durable = { clean: false, properties: { sessionExpiryInterval: 600 }, clientId: 'a' }
    const first = await site.connect(TEAM, durable)
    await first.mqtt.subscribeAsync('$share/team/things/#', { qos: 1 })
    await first.mqtt.endAsync()
    const device = await site.connect(site.p1)
    await device.mqtt.publishAsync('things/pump/P-1/data', 'waiting', { qos: 1 })
    const second = await site.connect(TEAM, durable)
    const [message] = await second.messages.reach(1, 'messages')
    assert.equal(message?.text, 'waiting')
  })
})

describe('a will', () => {
  const willOf = (topic: string) => ({
    will: { topic, payload: Buffer.from('gone'), qos: 1 as const },
  })

  test('is published when the connection breaks, if its topic is granted', async () => {
    await using site = await openSite()
    const office = await site.connect(OFFICE)
    await office.mqtt.subscribeAsync('things/#')
    const device = await site.connect(site.p1, willOf('things/pump/P-1/status'))
    device.mqtt.stream.destroy()
    const [message] = await office.messages.reach(1, 'messages')
    assert.deepEqual([message?.topic, message?.text], ['things/pump/P-1/status', 'gone'])
  })

  test('to a topic with a wildcard is refused at connecting', async () => {
    await using site = await openSite()
    await assert.rejects(site.connect(site.p1, willOf('things/+/status')), { code: 0x90 })
    assert.equal(site.broker.connections, 0)
  })

  for (const topic of ['things/pump/P-2/status', '$SYS/x/new/clients']) {
    test(`to ${topic} is dropped and reported`, async () => {
      await using site = await openSite()
      const office = await site.connect(OFFICE)
      await office.mqtt.subscribeAsync(['#', '$SYS/#'])
      const device = await site.connect(site.p1, willOf(topic))
      device.mqtt.stream.destroy()
      const [denial] = await site.denials.reach(1, 'denials')
      assert.deepEqual([denial?.action, denial?.topic], ['publish', topic])
      const fenced = new Promise<void>((resolve) => {
        office.mqtt.on('message', (name) => name === 'fence' && resolve())
      })
      await office.mqtt.publishAsync('fence', '')
      await within(fenced, 'fence')
      assert.equal(office.messages.items.filter(({ text }) => text === 'gone').length, 0)
    })
  }
})
