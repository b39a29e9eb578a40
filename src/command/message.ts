/**
 * A command as a message, whoever sends it: `{"command","payload","id"}` with the same id as MQTT 5
 * correlation data, so that 3.1.1 devices can answer too.
 *
 * @module
 */
import type { OutgoingMessage } from '../broker/broker.ts'
import type { TopicTemplate } from '../topic/template.ts'
import type { CommandCall } from './call.ts'

/** Which command, to which device. */
export interface CommandAddress {
  /** The topics of the device's type. */
  readonly topics: TopicTemplate
  /** The id of the device. */
  readonly deviceId: string
  /** What the command is called. */
  readonly name: string
  /** What a reply is known by: printable, and never the same twice. */
  readonly id: string
  /** What goes along as user properties, for whoever traces. */
  readonly carrier?: Readonly<Record<string, string>> | undefined
}

/** Makes the message. It does nothing else. */
export function commandMessage(
  { topics, deviceId, name, id, carrier = {} }: CommandAddress,
  { definition, payload, timeout }: Pick<CommandCall, 'definition' | 'payload' | 'timeout'>,
): OutgoingMessage {
  const body = payload === undefined ? { command: name, id } : { command: name, payload, id }
  const encoder = new TextEncoder()
  return {
    topic: topics.name(deviceId, 'cmd'),
    payload: encoder.encode(JSON.stringify(body)),
    qos: 1,
    contentType: 'application/json',
    correlationData: encoder.encode(id),
    messageExpiry: Math.ceil(timeout),
    ...(Object.keys(carrier).length > 0 && { userProperties: carrier }),
    ...(definition.reply && { responseTopic: topics.name(deviceId, 'reply') }),
  }
}
