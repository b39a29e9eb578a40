/**
 * The wire of a page: MQTT 5 over the runtime's own WebSocket.
 *
 * @module
 */
import { clock } from '../../src/base/clock.ts'
import type { OutgoingMessage, Qos } from '../../src/broker/broker.ts'
import { CLOSE_TIMEOUT } from '../../src/client/connection.ts'
import type { PacketIds } from '../../src/client/packet-ids.ts'
import { FAILURE } from '../../src/client/reason.ts'
import {
  type Answered,
  type ConnectWith,
  PUBACK,
  PUBCOMP,
  PUBREC,
  PUBREL,
  type Wire,
  type WireEvents,
  type WirePacket,
} from '../../src/client/wire.ts'
import { PacketError, protocolError } from '../../src/packet/error.ts'
import type { Body } from './body.ts'
import { readProperties, readPublish, readReason } from './decode.ts'
import { connect, type Parts, packet, publish, text, u16 } from './encode.ts'
import { Frames } from './frames.ts'
import { startHeartbeat } from './heartbeat.ts'

/** What {@link openWire} takes. */
export interface WireOptions {
  readonly url: string
  /** Seconds. */
  readonly keepalive: number
  readonly receiveMaximum: number
}

/** A message as it goes out, but for its packet identifier. */
interface Packed extends WirePacket {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly idAt: number
}

const DISCONNECT = 0xe0
const QUOTA_EXCEEDED = 0x97
const OPEN = 1
/**
 * Longest packet that is taken, in bytes; and how many are held that wait for their handlers, beside one
 * packet: a page cannot stop reading.
 */
const MAX_PACKET_SIZE = 16 * 1024 * 1024
/** How many bytes may wait to be sent before publishing waits, and how often to look. */
const HIGH_WATER_BYTES = 512 * 1024
const DRAIN_POLL_MS = 5

function unexpected(first: number): PacketError {
  return protocolError(`no packet must begin with ${first} now`)
}

/** Starts one connection. */
export function openWire(
  options: WireOptions,
  packetIds: PacketIds,
  connectWith: ConnectWith,
  events: WireEvents,
): Wire {
  const { url, keepalive, receiveMaximum } = options
  const frames = new Frames(MAX_PACKET_SIZE)
  /** Who waits for a SUBACK or UNSUBACK, by packet identifier. */
  const asking = new Map<number, Answered>()
  let isConnected = false
  let isHeld = false
  let isReading = false
  let isLeaving = false
  let isClosed = false
  let heardAt = 0
  let stopHeartbeat = () => {}

  const socket = new WebSocket(url, 'mqtt')
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => write(connect(connectWith, keepalive, receiveMaximum, MAX_PACKET_SIZE))
  socket.onmessage = ({ data }) => receive(data)
  socket.onerror = (event) =>
    fail((event as { readonly message?: string }).message || 'The WebSocket connection failed')
  socket.onclose = close

  function write(bytes: Uint8Array<ArrayBuffer>): void {
    if (socket.readyState === OPEN && !isLeaving) socket.send(bytes)
  }

  function hasRoom(): boolean {
    return isClosed || socket.bufferedAmount <= HIGH_WATER_BYTES
  }

  function poll(): void {
    if (hasRoom()) events.drained()
    else setTimeout(poll, DRAIN_POLL_MS)
  }

  function ask(first: number, filters: Parts, answered: Answered): void {
    // Messages leave some.
    const packetId = packetIds.allocate()!
    asking.set(packetId, answered)
    write(packet(first, [u16(packetId), 0, filters]))
  }

  function acknowledge(type: number, packetId: number, reasonCode: number): void {
    const reason = reasonCode ? [reasonCode] : []
    write(packet((type << 4) | (type === PUBREL ? 2 : 0), [u16(packetId), reason]))
  }

  function receive(data: unknown): void {
    heardAt = clock().date()
    if (isLeaving) return
    if (!(data instanceof ArrayBuffer)) {
      fail('Received a text frame')
      return
    }
    frames.push(new Uint8Array(data))
    read()
    if (frames.length > 2 * MAX_PACKET_SIZE) {
      violate(QUOTA_EXCEEDED, `${frames.length} bytes wait for their handlers`)
    }
  }

  /** Reads packets in order, as long as no message waits for its turn. */
  function read(): void {
    if (isReading) return
    isReading = true
    try {
      while (!isHeld && !isClosed && !isLeaving) {
        const frame = frames.next()
        if (!frame) break
        const [first, body] = frame
        take(first, body)
        body.finish()
      }
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      violate(error.reasonCode, error.message)
    } finally {
      isReading = false
    }
  }

  function take(first: number, body: Body): void {
    const type = first >> 4
    const isFit = type === 3 || (first & 15) === (type === PUBREL ? 2 : 0)
    if ((type === 2) === isConnected || !isFit) throw unexpected(first)
    switch (type) {
      case 2:
        takeConnack(body)
        break
      case 3: {
        // Roughly what it takes in memory.
        const size = 512 + body.left
        const [message, packetId] = readPublish(first, body)
        isHeld = true
        events.message(message, packetId, size, () => {
          isHeld = false
          read()
        })
        break
      }
      case PUBACK:
      case PUBREC:
      case PUBREL:
      case PUBCOMP: {
        const packetId = body.packetId()
        const [reasonCode] = readReason(body)
        if (type === PUBREL) {
          events.released(packetId)
          acknowledge(PUBCOMP, packetId, 0)
        } else events.answer(type, packetId, reasonCode)
        break
      }
      case 9:
      case 11: {
        const packetId = body.packetId()
        readProperties(body)
        const answered = asking.get(packetId)
        asking.delete(packetId)
        packetIds.delete(packetId)
        answered?.(undefined, [...body.raw(body.left)])
        break
      }
      case 13:
        break
      case 14: {
        const [reasonCode, found] = readReason(body)
        if (reasonCode) events.disconnect(reasonCode, found[28] as string | undefined)
        break
      }
      default:
        throw unexpected(first)
    }
  }

  function takeConnack(body: Body): void {
    const sessionPresent = body.u8() === 1
    const reasonCode = body.u8()
    const found = readProperties(body)
    const number = (id: number) => found[id] as number | undefined
    const maxPacketSize = number(39)
    if (number(33) === 0 || maxPacketSize === 0) throw protocolError('a maximum of CONNACK is 0')
    isConnected = true
    events.connack({
      reasonCode,
      sessionPresent,
      capabilities: {
        sharedSubscriptions: false,
        retain: number(37) !== 0,
        maxQos: (number(36) ?? 2) as Qos,
        maxPacketSize,
      },
      receiveMaximum: number(33),
      serverReference: found[28] as string | undefined,
    })
    if (reasonCode >= FAILURE) close()
    else if (!isLeaving) {
      const ping = () => write(packet(0xc0))
      stopHeartbeat = startHeartbeat((number(19) ?? keepalive) * 1000, () => heardAt, ping, fail)
      events.opened()
    }
  }

  function fail(text: string): void {
    events.failed(new Error(text))
    close()
  }

  function violate(reasonCode: number, text: string): void {
    events.violation(reasonCode, text)
    leave(reasonCode)
  }

  function leave(reasonCode: number): void {
    write(packet(DISCONNECT, [reasonCode]))
    isLeaving = true
    socket.close()
    setTimeout(close, CLOSE_TIMEOUT)
  }

  /** Not heard of any more, at once: a socket whose network is gone takes long to close. */
  function close(): void {
    if (isClosed) return
    isClosed = true
    stopHeartbeat()
    socket.close()
    queueMicrotask(() => events.closed()())
  }

  return {
    pack(message: OutgoingMessage): Packed {
      const { topic, qos = 1 } = message
      const [bytes, idAt] = publish(message)
      return { topic, qos, bytes, idAt }
    },

    exceeds: ({ bytes }: Packed, limit) => bytes.length > limit,

    send({ bytes, idAt }: Packed, packetId) {
      if (packetId !== undefined) bytes.set(u16(packetId), idAt)
      write(bytes)
      if (hasRoom()) return true
      poll()
      return false
    },

    acknowledge,
    leave,

    subscribe: (filters, answered) =>
      ask(
        0x82,
        filters.map(([filter, qos]) => [text(filter), qos]),
        answered,
      ),

    unsubscribe: (filters, answered) => ask(0xa2, filters.map(text), answered),

    end(isOpen) {
      if (isOpen) write(packet(DISCONNECT))
      socket.close()
    },

    destroy() {
      if (!isLeaving) close()
    },
  }
}
