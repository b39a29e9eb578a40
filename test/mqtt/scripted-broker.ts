/**
 * A broker that says what a test wants it to say, for answers that real brokers give too rarely. It
 * speaks as much of MQTT 5 and 3.1.1 as that takes, and reads lengths of up to two bytes.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Collector } from '../support/wait.ts'
import { type ConnectPacket, readConnect } from './connect-packet.ts'

export const CONNECT = 1
export const PUBLISH = 3
const PUBACK = 4
const PUBREC = 5
const PUBREL = 6
const PUBCOMP = 7
export const SUBSCRIBE = 8
export const UNSUBSCRIBE = 10
const DISCONNECT = 14

/** Properties of CONNACK as bytes. */
export const connackProperty = {
  receiveMaximum: (n: number): number[] => [0x21, n >> 8, n & 0xff],
  maximumPacketSize: (n: number): number[] => [0x27, 0, 0, n >> 8, n & 0xff],
  serverReference: (text: string): number[] => [0x1c, 0, text.length, ...Buffer.from(text)],
  noSharedSubscriptions: [0x2a, 0],
}

/** What it says. What is left out is said as a broker without objections would. */
export interface Script {
  /** Whether a connection is let in; else it is ended at once. */
  readonly accept?: () => boolean
  /**
   * What is in CONNACK, or that there is none: it hangs up, or says nothing. `connection` counts from 1.
   */
  readonly connect?: (connection: number, packet: ConnectPacket) => Connack | 'hang-up' | 'silence'
  /** Reason code for a filter; told how many the SUBSCRIBE has. One `undefined`, and it is not answered. */
  readonly subscribe?: (filter: string, count: number) => number | undefined
  /** Takes a SUBSCRIBE in place of `subscribe`; `answer` sends its SUBACK. */
  readonly subscribeLater?: (
    filters: readonly string[],
    answer: (codes: readonly number[]) => void,
  ) => void
  /** Reason code for a filter of an UNSUBSCRIBE. One `undefined`, and it is not answered. */
  readonly unsubscribe?: (filter: string) => number | undefined
  /** Whether a PUBREC is answered with PUBREL. Default: `true`. */
  readonly releases?: boolean
  /** Takes a PUBLISH of QoS 1 or 2; `answer` sends its PUBACK or PUBREC. */
  readonly publish?: (topic: string, answer: (reason: number) => void) => void
}

/** What is in CONNACK. */
export interface Connack {
  /** Reason code, of MQTT 3.1.1 return code. */
  readonly reason?: number
  readonly properties?: readonly number[]
  readonly sessionPresent?: boolean
}

/** An acknowledgement that a client sent. */
export interface Acknowledgement {
  readonly id: number
  readonly reason: number
}

/** A running scripted broker. */
export interface ScriptedBroker extends AsyncDisposable {
  readonly url: string
  /** How often a client connected. */
  readonly connections: number
  /** The CONNECT of each connection. */
  readonly logins: Collector<ConnectPacket>
  /** The type of each packet, in the order they came (section 2.1.2). */
  readonly packets: readonly number[]
  /** Filters in the order they were subscribed. */
  readonly filters: readonly string[]
  /** Filters in the order they were unsubscribed. */
  readonly unsubscribed: readonly string[]
  /** The reason code of each DISCONNECT, in the order they came. */
  readonly disconnects: Collector<number>
  /** PUBACK and PUBREC in the order they came. A PUBREC without objection is released at once. */
  readonly acknowledgements: Collector<Acknowledgement>
  /** Sends a message to every client, which speaks MQTT 5 unless it is said. */
  deliver(
    message: { topic: string; text: string; qos: 1 | 2; id: number },
    protocolVersion?: 4 | 5,
  ): void
  /** Sends bytes to every client. Settles when they were handed over, or a connection has ended. */
  send(bytes: Uint8Array): Promise<void>
  /** Sends DISCONNECT to every client and closes. @param properties As bytes. Default: none. */
  disconnect(reason: number, properties?: readonly number[]): void
  /** Ends every connection without a word. */
  cut(): void
  /** Ends every connection, and takes none until {@link open}: who dials is refused. */
  shut(): Promise<void>
  /** Listens again, where it did. */
  open(): Promise<void>
}

/** Starts one on 127.0.0.1. */
export async function scriptedBroker(script: Script = {}): Promise<ScriptedBroker> {
  const sockets = new Set<Socket>()
  const packets: number[] = []
  const filters: string[] = []
  const unsubscribed: string[] = []
  const acknowledgements = new Collector<Acknowledgement>()
  const disconnects = new Collector<number>()
  const logins = new Collector<ConnectPacket>()
  const versions = new WeakMap<Socket, number>()
  let connections = 0

  const answer = (socket: Socket, type: number, body: Buffer) => {
    const send = (header: number, ...bytes: number[]) => {
      if (socket.writable) socket.write(Uint8Array.of(header, bytes.length, ...bytes))
    }
    packets.push(type >> 4)
    if (type >> 4 === CONNECT) {
      connections++
      const packet = readConnect(body)
      const isFive = packet.protocolVersion === 5
      versions.set(socket, packet.protocolVersion)
      const connack = script.connect?.(connections, packet) ?? {}
      if (connack === 'hang-up') socket.destroy()
      else if (connack !== 'silence') {
        const { reason = 0, properties = [], sessionPresent } = connack
        const more = isFive ? [properties.length, ...properties] : []
        send(0x20, sessionPresent ? 1 : 0, reason, ...more)
      }
      logins.push(packet)
    } else if (type >> 4 === SUBSCRIBE) {
      const isFive = versions.get(socket) === 5
      const asked: [filter: string, options: number][] = []
      for (let at = isFive ? 3 + body[2]! : 2; at < body.length; ) {
        const end = at + 2 + body.readUInt16BE(at)
        asked.push([body.toString('utf8', at + 2, end), body[end]!])
        at = end + 1
      }
      filters.push(...asked.map(([filter]) => filter))
      const properties = isFive ? [0] : []
      const suback = (codes: readonly number[]) =>
        send(0x90, body[0]!, body[1]!, ...properties, ...codes)
      if (script.subscribeLater) {
        script.subscribeLater(
          asked.map(([filter]) => filter),
          suback,
        )
        return
      }
      const codes = asked.map(([filter, options]) =>
        script.subscribe ? script.subscribe(filter, asked.length) : options,
      )
      const known = codes.filter((code) => code !== undefined)
      if (known.length === codes.length) suback(known)
    } else if (type >> 4 === UNSUBSCRIBE) {
      const isFive = versions.get(socket) === 5
      const asked: string[] = []
      for (let at = isFive ? 3 + body[2]! : 2; at < body.length; ) {
        const end = at + 2 + body.readUInt16BE(at)
        asked.push(body.toString('utf8', at + 2, end))
        at = end
      }
      unsubscribed.push(...asked)
      const codes = asked.map((filter) => (script.unsubscribe ? script.unsubscribe(filter) : 0))
      const known = codes.filter((code) => code !== undefined)
      if (known.length === codes.length) {
        send(0xb0, body[0]!, body[1]!, ...(isFive ? [0, ...known] : []))
      }
    } else if (type >> 4 === PUBLISH && type & 0x06) {
      const end = 2 + body.readUInt16BE(0)
      const topic = body.toString('utf8', 2, end)
      const header = (type & 0x04 ? PUBREC : PUBACK) << 4
      const acknowledge = (reason: number) => send(header, body[end]!, body[end + 1]!, reason)
      if (script.publish) script.publish(topic, acknowledge)
      else acknowledge(0)
    } else if (type >> 4 === PUBREL) {
      send(PUBCOMP << 4, body[0]!, body[1]!)
    } else if (type >> 4 === PUBACK || type >> 4 === PUBREC) {
      const reason = body[2] ?? 0
      const isReleased = type >> 4 === PUBREC && reason < 0x80 && script.releases !== false
      if (isReleased) send((PUBREL << 4) | 2, body[0]!, body[1]!)
      acknowledgements.push({ id: body.readUInt16BE(0), reason })
    } else if (type >> 4 === DISCONNECT) {
      disconnects.push(body[0] ?? 0)
    }
  }

  const server = createServer((socket) => {
    if (script.accept?.() === false) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    let input: Buffer = Buffer.alloc(0)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {}) // Then comes `close`.
    socket.on('data', (chunk: Buffer) => {
      input = Buffer.concat([input, chunk])
      for (let packet = firstOf(input); packet; packet = firstOf(input)) {
        answer(socket, input[0]!, packet.body)
        input = packet.rest
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const shut = async () => {
    cut()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  return {
    url: `mqtt://127.0.0.1:${port}`,
    logins,
    packets,
    disconnects,
    filters,
    unsubscribed,
    acknowledgements,
    deliver({ topic, text, qos, id }, protocolVersion = 5) {
      const [name, payload] = [Buffer.from(topic), Buffer.from(text)]
      const properties = protocolVersion === 5 ? [0] : []
      const bytes = [0, name.length, ...name, id >> 8, id & 0xff, ...properties, ...payload]
      for (const socket of sockets) {
        socket.write(Uint8Array.of((PUBLISH << 4) | (qos << 1), bytes.length, ...bytes))
      }
    },
    get connections() {
      return connections
    },
    async send(bytes) {
      const sent = [...sockets].map(
        (socket) =>
          new Promise<void>((resolve) => {
            const settle = () => {
              socket.off('close', settle)
              resolve()
            }
            socket.on('close', settle)
            socket.write(bytes, settle)
          }),
      )
      await Promise.all(sent)
    },
    disconnect(reason, properties) {
      const body = properties ? [reason, properties.length, ...properties] : [reason]
      for (const socket of sockets) socket.end(Uint8Array.of(0xe0, body.length, ...body))
    },
    cut,
    shut,
    async open() {
      if (server.listening) return
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    [Symbol.asyncDispose]: shut,
  }
}

/** The body of the first packet and what follows it, if it is all there. */
function firstOf(input: Buffer): { body: Buffer; rest: Buffer } | undefined {
  if (input.length < 2) return undefined
  const isLong = input[1]! > 127
  const start = isLong ? 3 : 2
  const end = start + (isLong ? (input[1]! & 127) + (input[2] ?? 0) * 128 : input[1]!)
  return input.length < end
    ? undefined
    : { body: input.subarray(start, end), rest: input.subarray(end) }
}
