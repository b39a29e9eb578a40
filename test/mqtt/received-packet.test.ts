/**
 * Received messages are read in place where they are plain. Whatever arrives, in whatever chunks, comes
 * out as the codec of the `mqtt` package reads it, and in the same order.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { generate, type IPublishPacket, type Packet, parser } from 'mqtt-packet'
import type { Link, LinkEvents } from '../../adapters/mqtt/link.ts'
import { PacketStream } from '../../adapters/mqtt/packet-stream.ts'
import { readPublish } from '../../adapters/mqtt/received-packet.ts'

/** A message as text, to compare. */
function told({ topic, payload, qos, retain, messageId, properties }: Partial<IPublishPacket>) {
  const body = Buffer.from(payload as Uint8Array).toString('hex')
  return JSON.stringify([topic, body, qos, retain, qos ? messageId : 0, properties ?? null])
}

function toldOf(packet: Packet): string {
  if (packet.cmd === 'publish') return told(packet)
  return packet.cmd === 'puback'
    ? `puback ${packet.messageId} ${packet.reasonCode ?? 0}`
    : packet.cmd
}

const version = fc.constantFrom<4 | 5>(4, 5)
const properties = fc.constantFrom<NonNullable<IPublishPacket['properties']>>(
  {},
  { userProperties: { 'message-id': 'a' } },
  { correlationData: Buffer.from('c'), responseTopic: 'r' },
)
const publish = fc.record({
  cmd: fc.constant('publish' as const),
  topic: fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }),
  payload: fc
    .oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ minLength: 20_000, maxLength: 30_000 }),
    )
    .map((bytes) => Buffer.from(bytes)),
  qos: fc.constantFrom<0 | 1 | 2>(0, 0, 1, 1, 2),
  retain: fc.boolean(),
  dup: fc.constant(false),
  messageId: fc.integer({ min: 1, max: 65_535 }),
  properties,
})
const other = fc.constantFrom<Packet>(
  { cmd: 'pingresp' },
  { cmd: 'puback', messageId: 7 },
  { cmd: 'puback', messageId: 300, reasonCode: 16 },
  { cmd: 'puback', messageId: 8, reasonCode: 135, properties: { reasonString: 'no' } },
  { cmd: 'pubrel', messageId: 9 },
)
const packets = fc.array(fc.oneof({ weight: 3, arbitrary: publish }, other), { maxLength: 30 })

/** Cuts bytes at some places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort(
    (a, b) => a - b,
  )
  return at
    .map((end, i) => bytes.subarray(i ? at[i - 1] : 0, end))
    .filter(({ length }) => length > 0)
}

/** Receives chunks. Each message and packet is named in order, and `[…]` if it was read in place. */
async function receive(
  chunks: readonly Uint8Array[],
  protocolVersion: 4 | 5,
  isSlow: boolean,
): Promise<string[]> {
  const received: string[] = []
  const codec = parser({ protocolVersion })
  codec.on('packet', (packet: Packet) => {
    received.push(toldOf(packet))
  })
  let events: LinkEvents | undefined
  const link: Link = { send: () => true, pause() {}, resume() {}, end() {}, destroy() {} }
  const stream = new PacketStream({
    protocolVersion,
    maxPacketSize: Infinity,
    onViolation() {},
    openLink(given) {
      events = given
      return link
    },
    takePuback(messageId, reasonCode) {
      received.push(`puback ${messageId} ${reasonCode}`)
    },
    takePublish({ message, messageId }, readOn) {
      received.push(told({ ...message, payload: Buffer.from(message.payload), messageId }))
      if (isSlow) setImmediate(readOn)
      else readOn()
    },
  })
  let open = 0
  let idle: (() => void) | undefined
  stream.pipe({
    write(chunk: Uint8Array, done: () => void) {
      open++
      setImmediate(() => {
        codec.parse(Buffer.from(chunk))
        open--
        done()
        if (open === 0) idle?.()
      })
    },
  })
  for (const chunk of chunks) events!.received(chunk)
  // Each step is one turn of the event loop, and each byte can be one.
  for (let turn = 0, before = -1; turn < 100; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve))
    if (open > 0)
      await new Promise<void>((resolve) => {
        idle = resolve
      })
    if (received.length !== before) turn = 0
    before = received.length
  }
  return received
}

function expected(list: readonly Packet[], protocolVersion: 4 | 5): string[] {
  const read: string[] = []
  const codec = parser({ protocolVersion })
  codec.on('packet', (packet: Packet) => {
    read.push(toldOf(packet))
  })
  codec.parse(bytesOf(list, protocolVersion))
  return read
}

function bytesOf(list: readonly Packet[], protocolVersion: 4 | 5): Buffer {
  return Buffer.concat(list.map((packet) => generate(packet, { protocolVersion })))
}

describe('received packets', () => {
  test('come out in order, each as it was sent, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        packets,
        version,
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.boolean(),
        async (list, protocolVersion, places, isSlow) => {
          const chunks = cut(bytesOf(list, protocolVersion), places)
          assert.deepEqual(
            await receive(chunks, protocolVersion, isSlow),
            expected(list, protocolVersion),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('come out in order when every byte comes alone', async () => {
    const list: Packet[] = [0, 1, 0, 1].map((qos, i) => ({
      cmd: 'publish',
      topic: `a/${i}`,
      payload: Buffer.from(`${i}`),
      qos: qos as 0 | 1,
      retain: false,
      dup: false,
      messageId: i + 1,
    }))
    const bytes = bytesOf(list, 5)
    const chunks = cut(bytes, Array.from(bytes.keys()))
    assert.deepEqual(await receive(chunks, 5, false), expected(list, 5))
  })
})

describe('a PUBLISH is left to the package', () => {
  const rows: readonly [what: string, bytes: readonly number[]][] = [
    ['with properties', [0x30, 6, 0, 1, 0x61, 2, 1, 0]],
    ['without a topic, which an alias could name', [0x30, 3, 0, 0, 0]],
    ['whose topic is longer than the packet', [0x30, 4, 0, 9, 0x61, 0]],
    ['that is shorter than a topic length', [0x30, 1, 0]],
    ['without room for its packet identifier', [0x32, 4, 0, 1, 0x61, 0]],
    ['with the packet identifier 0', [0x32, 6, 0, 1, 0x61, 0, 0, 0]],
    ['without a property length', [0x30, 3, 0, 1, 0x61]],
    ['of QoS 1 without a property length', [0x32, 5, 0, 1, 0x61, 0, 1]],
  ]
  for (const [what, bytes] of rows) {
    test(what, () => {
      assert.equal(readPublish(new Uint8Array(bytes), 0, bytes.length, 5), undefined)
    })
  }

  test('and not where it is plain', () => {
    const bytes = new Uint8Array([0x33, 8, 0, 1, 0x61, 1, 2, 0, 0x62, 0x63])
    assert.deepEqual(readPublish(bytes, 0, bytes.length, 5), {
      messageId: 258,
      message: { topic: 'a', payload: new Uint8Array([0x62, 0x63]), qos: 1, retain: true },
    })
  })
})
