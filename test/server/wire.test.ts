/**
 * Bytes between a server and a transport.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPEN_GUARD } from '../../src/server/guard.ts'
import { mqttServer } from '../../src/server/server.ts'
import { MovedClock } from './fuzz/clock.ts'
import { Peer } from './fuzz/peer.ts'

test('what waits for a transport goes out after it took all at once', async () => {
  const clock = new MovedClock()
  const server = mqttServer({ guard: OPEN_GUARD, clock, settings: { maxBacklog: 100 } })
  const [publisher, subscriber] = [new Peer(server, 'p', false), new Peer(server, 's', false)]
  for (const peer of [publisher, subscriber]) {
    const login = { clientId: peer.name, cleanStart: true, keepAlive: 0 }
    peer.sendPacket({ kind: 'connect', version: 5, ...login })
  }
  const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  const subscriptions = [{ filter: 't', ...options }]
  subscriber.sendPacket({ kind: 'subscribe', packetId: 1, subscriptions })
  await undefined
  subscriber.take()
  const message = { kind: 'publish', topic: 't', retain: false, dup: false } as const
  publisher.sendPacket({ ...message, payload: new Uint8Array(200), qos: 0 })
  publisher.sendPacket({ ...message, payload: new Uint8Array(1), qos: 1, packetId: 1 })
  await undefined
  await undefined
  assert.deepEqual(
    subscriber.take().map((packet) => packet.kind === 'publish' && packet.payload.length),
    [200, 1],
  )
})
