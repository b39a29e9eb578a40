/**
 * EMQX: the rule events of 5 and 6 behind an HTTP action, and the web hook of 4.
 *
 * EMQX sends events of one client over several connections, without an order. Each holds
 * `connected_at`, by which its connection is known: the end of a connection that was taken over is
 * then the end of that one alone, whenever it arrives. An end without it (before 5.8.6, and before
 * 4.3.12) is taken by its reason and `disconnected_at`.
 *
 * @module
 */
import type { BrokerEvent, EventReader } from './event.ts'
import {
  type Fields,
  MalformedRequest,
  needText,
  readOptional,
  readText,
  readTime,
} from './fields.ts'

/** The reasons for which a connection ends because another one takes its place. */
const TAKEN_OVER: readonly (string | undefined)[] = ['takenover', 'takeovered', 'discarded']

/**
 * Reads the events of one of them.
 *
 * @param field What holds the name of the event.
 * @param prefix What that begins with.
 */
export function emqxEvents(field: string, prefix: string): EventReader {
  return {
    accepted: { status: 204, body: '' },
    read: (fields) => readEvent(fields, field, prefix),
  }
}

function readEvent(fields: Fields, field: string, prefix: string): BrokerEvent {
  const name = needText(fields, field)
  const isConnected = name === `${prefix}connected`
  if (!isConnected && name !== `${prefix}disconnected`) {
    throw new MalformedRequest(`"${field}" is not ${prefix}connected or ${prefix}disconnected`)
  }
  const username = readOptional(fields, 'username')
  const connection = {
    clientId: needText(fields, 'clientid'),
    user: username === undefined ? ('none' as const) : { name: username },
    connection: readOptional(fields, 'peername'),
    connectedAt: readTime(fields, 'connected_at'),
  }
  if (isConnected) {
    if (connection.connectedAt === undefined) {
      throw new MalformedRequest('"connected_at" is missing')
    }
    return { kind: 'connected', ...connection }
  }
  const disconnectedAt = readTime(fields, 'disconnected_at')
  if (connection.connectedAt === undefined && disconnectedAt === undefined) {
    throw new MalformedRequest('"connected_at" and "disconnected_at" are missing')
  }
  const takenOver = TAKEN_OVER.includes(readText(fields, 'reason'))
  return { kind: 'disconnected', ...connection, disconnectedAt, takenOver }
}
