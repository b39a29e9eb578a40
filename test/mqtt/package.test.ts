/**
 * What is relied on of the `mqtt` package beyond its documentation: each of these fails when a release
 * of it has changed that. Then see `adapters/mqtt/package.ts`.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MqttClient } from 'mqtt'
import type { OpenLink } from '../../adapters/mqtt/link.ts'
import { asStream, loadMqtt, sendUnkept, takeBeforePubrec } from '../../adapters/mqtt/package.ts'
import { PacketStream } from '../../adapters/mqtt/packet-stream.ts'
import { tcpOpener } from '../../adapters/mqtt/tcp.ts'
import { Collector, within } from '../support/wait.ts'
import { PUBLISH, type ScriptedBroker, scriptedBroker } from './scripted-broker.ts'

const PUBREC = 5

/** A client as the adapter has it, on a stream whose use is noted. */
async function clientOn(
  server: ScriptedBroker,
  protocolVersion: 4 | 5,
): Promise<{ client: MqttClient; used: Set<string> } & AsyncDisposable> {
  const { hostname, port } = new URL(server.url)
  const openLink: OpenLink = await tcpOpener({ host: hostname, port: Number(port) }, undefined)
  const used = new Set<string>()
  const open = () => {
    // The messages are left to the package here, so none is taken.
    const stream = new PacketStream({
      openLink,
      protocolVersion,
      maxPacketSize: Infinity,
      onViolation() {},
      takePublish: (_publish, readOn) => readOn(),
      takePuback() {},
    })
    return new Proxy(stream, {
      get(target, key) {
        if (typeof key === 'string') used.add(key)
        const value: unknown = Reflect.get(target, key, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
      set(_, key) {
        throw new Error(`The package sets ${String(key)} of a stream`)
      },
    })
  }
  const { MqttClient } = await loadMqtt()
  const client = new MqttClient(() => asStream(open()), {
    manualConnect: true,
    reconnectPeriod: 0,
    protocolVersion,
    clientId: 'test',
  })
  client.on('error', () => {})
  const connected = new Promise((resolve) => client.once('connect', resolve))
  client.connect()
  await within(connected, 'connection')
  return {
    client,
    used,
    async [Symbol.asyncDispose]() {
      if (client.connected) await client.endAsync(true)
    },
  }
}

for (const protocolVersion of [5, 4] as const) {
  describe(`the package with MQTT ${protocolVersion}`, () => {
    test('uses nothing of a stream but what ours has, and a cork that it can do without', async () => {
      await using server = await scriptedBroker()
      await using on = await clientOn(server, protocolVersion)
      const { client, used } = on
      await client.subscribeAsync('a', { qos: 1 })
      await client.unsubscribeAsync('a')
      for (const qos of [0, 2] as const) await client.publishAsync('a', 'x', { qos })
      // Its PUBACK goes to ours alone.
      client.publish('a', 'x', { qos: 1 }, () => {})
      client.sendPing()
      client.reschedulePing(true)
      await within(client.endAsync(true), 'end')
      const missing = [...used].filter((key) => !(key in PacketStream.prototype))
      assert.deepEqual(
        missing.sort(),
        ['cork', 'writableNeedDrain'].filter((key) => used.has(key)),
      )
      for (const key of ['write', 'pipe', 'on', 'destroy']) assert.ok(used.has(key), key)
    })

    test('sends a packet as it is, and keeps no copy', async () => {
      await using server = await scriptedBroker({ publish() {} })
      await using on = await clientOn(server, protocolVersion)
      const { client } = on
      const packet = { cmd: 'publish', topic: 'a', payload: 'x', qos: 1, messageId: 7 } as const
      sendUnkept(client, { ...packet, retain: false, dup: false })
      await client.subscribeAsync('b', { qos: 1 })
      assert.ok(server.packets.includes(PUBLISH))
      const kept = new Collector<unknown>()
      client.outgoingStore
        .createStream()
        .on('data', kept.push)
        .on('end', () => kept.push('end'))
      assert.deepEqual(await kept.reach(1, 'end'), ['end'])
      assert.deepEqual(Object.keys(client.outgoing), [])
    })

    test('hands a message of QoS 2 over before PUBREC, and sends none after an error', async () => {
      await using server = await scriptedBroker()
      await using on = await clientOn(server, protocolVersion)
      const { client } = on
      const taken = new Collector<string>()
      const errors = new Collector<Error>()
      client.on('error', errors.push)
      const notYet = new Error('not yet')
      takeBeforePubrec(client, ({ payload }, done) => {
        taken.push(String(payload))
        done(taken.items.length === 1 ? notYet : undefined)
      })
      // With MQTT 3.1.1 a message has no properties, and no length of them.
      const deliver = (text: string, id: number) =>
        server.deliver({ topic: 'a', text, qos: 2, id }, protocolVersion)
      deliver('1', 1)
      await taken.reach(1, 'message')
      await client.subscribeAsync('b', { qos: 1 })
      assert.ok(!server.packets.includes(PUBREC))
      assert.deepEqual(errors.items, [notYet])
      deliver('2', 2)
      await server.acknowledgements.reach(1, 'PUBREC')
      assert.deepEqual(taken.items, ['1', '2'])
      assert.deepEqual(server.acknowledgements.items, [{ id: 2, reason: 0 }])
    })
  })
}
