/**
 * Writes the packets that most of what a connection sends is: a PUBLISH (MQTT 5, section 3.3) without
 * properties, and a PUBACK (section 3.4). The `mqtt` package writes a message in seven pieces, which
 * takes more time than all else that is done for it (`npm run bench -- mqtt`). The rest is left to it,
 * but for the DISCONNECT that ends a connection on a broker's fault: the package sends none before it
 * is connected.
 *
 * @module
 */
import type { IPublishPacket, Packet } from 'mqtt'
import type { WriteBuffer } from './write-buffer.ts'

const PUBLISH = 0x30
const PUBACK = 0x40
const DISCONNECT = 0xe0
const RETAIN = 0x01
const encoder = new TextEncoder()

/** Writes a checked packet, if it is one that is written here. */
export function writePacket(to: WriteBuffer, packet: Packet, protocolVersion: 4 | 5): boolean {
  if (packet.cmd === 'publish' && !packet.properties) writePublish(to, packet, protocolVersion)
  else if (packet.cmd === 'puback' && !packet.reasonCode) writePuback(to, packet.messageId!)
  else return false
  return true
}

/** Writes a DISCONNECT of MQTT 5 (section 3.14). */
export function writeDisconnect(to: WriteBuffer, reasonCode: number): void {
  to.appendByte(DISCONNECT)
  to.appendByte(1)
  to.appendByte(reasonCode)
}

function writePublish(to: WriteBuffer, packet: IPublishPacket, protocolVersion: 4 | 5): void {
  const { topic, payload, qos, retain, messageId } = packet
  const name = isAscii(topic) ? topic : encoder.encode(topic)
  const identifier = qos > 0 ? 2 : 0
  const properties = protocolVersion === 5 ? 1 : 0
  to.appendByte(PUBLISH | (qos << 1) | (retain ? RETAIN : 0))
  to.appendVariableByteInteger(2 + name.length + identifier + properties + payload.length)
  to.appendTwoByteInteger(name.length)
  to.append(name)
  if (identifier) to.appendTwoByteInteger(messageId!)
  if (properties) to.appendByte(0)
  to.append(payload)
}

/** Success: the reason code need not be there (section 3.4.2.1). */
function writePuback(to: WriteBuffer, messageId: number): void {
  to.appendByte(PUBACK)
  to.appendByte(2)
  to.appendTwoByteInteger(messageId)
}

/** Whether a text has as many bytes as it has characters. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
