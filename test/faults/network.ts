/**
 * The network between a client and a broker: it can be cut, go silent and heal, and it tells which
 * messages the client acknowledged.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { forward } from '../mqtt/relay.ts'

/** See {@link network}. */
export interface Network extends AsyncDisposable {
  readonly url: string
  /** The payloads of QoS 1 messages that the client has acknowledged. */
  readonly acknowledged: ReadonlySet<string>
  /** How often a client came. */
  readonly connections: number
  /** Ends every connection, and lets none through until it is healed. */
  cut(): void
  /** Carries nothing more, and lets nobody know: connections stay open until it is healed. */
  silence(): void
  /** Ends every connection when the next packet of a type comes, instead of carrying it. */
  cutAt(packetType: number): void
  /** @param port Where it leads from now on. Default: where it led. */
  heal(port?: number): void
}

/** Forwards connections to a broker on a port of this machine. */
export async function network(brokerPort: number): Promise<Network> {
  const sockets = new Set<Socket>()
  const acknowledged = new Set<string>()
  let port = brokerPort
  let state: 'whole' | 'cut' | 'silent' = 'whole'
  let trap: number | undefined
  let connections = 0
  const endAll = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const watch = (first: number) => {
    if (first >> 4 !== trap) return
    trap = undefined
    endAll()
  }
  const server = createServer((client) => {
    connections++
    client.on('error', () => {}) // Then comes `close`.
    if (state === 'cut') {
      client.resetAndDestroy()
      return
    }
    if (state === 'silent') {
      sockets.add(client)
      client.on('close', () => sockets.delete(client))
      return
    }
    const broker = connect(port, '127.0.0.1')
    const delivered = new Map<number, string>()
    const fromBroker = packets((first, body) => {
      watch(first)
      if (first >> 4 === 3 && (first & 0b110) === 0b010) {
        const { id, payload } = readPublish(body)
        delivered.set(id, payload)
      }
    })
    const fromClient = packets((first, body) => {
      watch(first)
      if (first >> 4 !== 4) return
      const payload = delivered.get(body.readUInt16BE(0))
      if (payload !== undefined) acknowledged.add(payload)
    })
    broker.on('data', fromBroker)
    client.on('data', fromClient)
    forward(client, broker, sockets)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    state = 'cut'
    endAll()
  }
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    acknowledged,
    get connections() {
      return connections
    },
    cut,
    silence() {
      state = 'silent'
      for (const socket of sockets) socket.unpipe().pause()
    },
    cutAt(packetType) {
      trap = packetType
    },
    heal(next = port) {
      port = next
      // What was swallowed is gone: those who went on waiting must not wait for ever.
      if (state === 'silent') endAll()
      state = 'whole'
    },
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Splits a stream into packets (MQTT 5, section 2.1): the first byte and what follows the length. */
function packets(take: (first: number, body: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const length = readLength(rest, 1)
      if (!length || rest.length < length.end + length.value) return
      take(rest[0]!, rest.subarray(length.end, length.end + length.value))
      rest = rest.subarray(length.end + length.value)
    }
  }
}

/** A variable byte integer (section 1.5.5), if all of it is there. */
function readLength(bytes: Buffer, start: number): { value: number; end: number } | undefined {
  let value = 0
  for (let at = start; at < bytes.length; at++) {
    value += (bytes[at]! & 127) * 128 ** (at - start)
    if (bytes[at]! < 128) return { value, end: at + 1 }
  }
  return undefined
}

/** The identifier and payload of a PUBLISH with QoS 1 (section 3.3). */
function readPublish(body: Buffer): { id: number; payload: string } {
  const afterTopic = 2 + body.readUInt16BE(0)
  const properties = readLength(body, afterTopic + 2)!
  return {
    id: body.readUInt16BE(afterTopic),
    payload: body.subarray(properties.end + properties.value).toString(),
  }
}
