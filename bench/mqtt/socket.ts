/**
 * What a broker takes at most: a plain socket writes prepared packets and counts what is acknowledged,
 * and no client could do less.
 *
 * @module
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { generate } from 'mqtt-packet'
import { dataTopic, payloadOf } from './task.ts'

const OPTIONS = { protocolVersion: 5 } as const

/** Publishes with QoS 1, so many unacknowledged at once. Returns the milliseconds that took. */
export async function publishPrepared(
  port: number,
  count: number,
  window: number,
): Promise<number> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  socket.write(
    generate(
      {
        cmd: 'connect',
        protocolId: 'MQTT',
        ...OPTIONS,
        clientId: 'bench-socket',
        clean: true,
        keepalive: 0,
      },
      OPTIONS,
    ),
  )
  await answered(socket)
  const packet = publish(1)
  // Where it differs from the next one's.
  const idAt = packet.findIndex((byte, i) => byte !== publish(2)[i]) - 1
  const answer = await acknowledgement(socket, packet)
  let started = 0
  const start = (n: number) => {
    const more = Math.min(n, count - started)
    if (more === 0) return
    const packets = Buffer.allocUnsafe(more * packet.length)
    for (let i = 0; i < more; i++) {
      packet.copy(packets, i * packet.length)
      packets.writeUInt16BE((started++ % 65_535) + 1, i * packet.length + idAt)
    }
    socket.write(packets)
  }
  const from = performance.now()
  await new Promise<void>((resolve) => {
    let received = 0
    let settled = 0
    socket.on('data', (bytes) => {
      received += bytes.length
      const all = Math.floor(received / answer)
      start(all - settled)
      settled = all
      if (all === count) resolve()
    })
    start(window)
  })
  const total = performance.now() - from
  socket.destroy()
  return total
}

function publish(messageId: number): Buffer {
  const [topic, payload] = [dataTopic(0), payloadOf(0)]
  const packet = { topic, payload, qos: 1, messageId, dup: false, retain: false } as const
  return generate({ cmd: 'publish', ...packet }, OPTIONS)
}

/** How many bytes acknowledge a packet: all the same. */
async function acknowledgement(socket: Socket, packet: Buffer): Promise<number> {
  socket.write(packet)
  return (await answered(socket)).length
}

async function answered(socket: Socket): Promise<Buffer> {
  const [bytes] = await once(socket, 'data')
  return bytes
}
