/**
 * Many messages at once on a Mosquitto with its own limits, large ones over WebSocket, and what a
 * TCP socket is told.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { freePort, type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient, makeClient, typesOf } from './client.ts'
import { webSocketRelay } from './relay.ts'

const LIMIT = 30_000
const MEGABYTE = 1_000_000
/** Milliseconds. A pause of a second for each half a megabyte would take twice as long. */
const STALL_LIMIT = 16_000

describe('a Mosquitto with its own limits', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  before(async () => {
    mosquitto = await startMosquitto()
  })
  after(() => mosquitto.stop())

  for (const [count, qos] of [
    [5_000, 0],
    [5_000, 1],
    [2_000, 2],
  ] as const) {
    test(`takes ${count} publishes of QoS ${qos} made at once, without a warning`, async () => {
      const warnings: string[] = []
      const warn = ({ name }: Error) => warnings.push(name)
      process.on('warning', warn)
      try {
        await using client = await connectClient({ url: mosquitto.url })
        const publish = (n: number) =>
          client.broker.publish({ topic: `many/${qos}`, payload: bytes(`${n}`), qos })
        await within(Promise.all(Array.from({ length: count }, (_, n) => publish(n))), 'all', LIMIT)
        await within(client.broker.publish({ topic: 'end', payload: bytes('') }), 'publish')
        assert.deepEqual(typesOf(client), ['connected'])
        assert.ok(!warnings.includes('MaxListenersExceededWarning'), warnings.join())
      } finally {
        process.off('warning', warn)
      }
    })
  }

  test('carries a megabyte over WebSocket in both directions', async () => {
    // Not Mosquitto's own listener: its pace is not what is tested here.
    await using relay = await webSocketRelay(mosquitto.port)
    await using client = await connectClient({ url: relay.url })
    await client.broker.subscribe([{ filter: 'large' }])
    const payload = Uint8Array.from({ length: MEGABYTE }, (_, n) => (n * 31) % 251)
    await within(client.broker.publish({ topic: 'large', payload }), 'publish', LIMIT)
    const [message] = await client.received.reach(1, 'message', LIMIT)
    assert.ok(Buffer.from(payload).equals(message!.payload))
  })

  for (const scheme of ['mqtt', 'ws'] as const) {
    test(`takes 16 megabytes in a row over ${scheme}: without a stall`, async () => {
      await using relay = await webSocketRelay(mosquitto.port)
      await using client = await connectClient({ url: { mqtt: mosquitto, ws: relay }[scheme].url })
      const payload = new Uint8Array(MEGABYTE / 10)
      const sent = (async () => {
        for (let n = 0; n < 160; n++) {
          await client.broker.publish({ topic: 'row', payload, qos: n % 8 === 7 ? 1 : 0 })
        }
      })()
      await within(sent, 'publishes', STALL_LIMIT)
    })
  }
})

test('a TCP socket is told not to hold small segments back', async () => {
  const { setNoDelay } = Socket.prototype
  const told: (boolean | undefined)[] = []
  Socket.prototype.setNoDelay = function (isOn) {
    told.push(isOn)
    return setNoDelay.call(this, isOn)
  }
  try {
    // Nothing else has sockets here: those of the broker's end would be told of, too.
    await using client = makeClient({ url: `mqtt://127.0.0.1:${await freePort()}` })
    await assert.rejects(client.connect(), { code: 'ERR_BROKER_UNREACHABLE' })
    assert.deepEqual(told, [true])
  } finally {
    Socket.prototype.setNoDelay = setNoDelay
  }
})
