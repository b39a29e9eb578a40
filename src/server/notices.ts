/**
 * Tells what happens in a server, and counts it.
 *
 * @module
 */
import { toError } from '../base/errors.ts'
import type { DropCode, RefusalCode, ServerEvent } from './events.ts'
import type { Delivery } from './message.ts'

/** Told of a message that does not reach a session. */
export type OnDropped = (
  code: DropCode,
  session: { readonly owner: string; readonly clientId: string },
  delivery: Delivery,
) => void

/** What is told and counted by a server. */
export class Notices {
  readonly #onEvent: ((event: ServerEvent) => void) | undefined
  /** Clients that are logged in. */
  clients = 0
  /** Bytes that came. */
  bytesReceived = 0
  /** Bytes that were handed to a transport. */
  bytesSent = 0
  /** PUBLISH packets that came. */
  messagesReceived = 0
  /** PUBLISH packets that were handed to a transport. */
  messagesSent = 0
  /** Messages that did not reach a client. */
  readonly dropped: Record<DropCode, number> = {
    'session-full': 0,
    'client-slow': 0,
    'packet-too-large': 0,
    'message-expired': 0,
  }
  /** Connections and logins for which there was no room. */
  readonly refused: Record<RefusalCode, number> = {
    'connections-full': 0,
    'logins-full': 0,
    'sessions-full': 0,
  }

  constructor(onEvent: ((event: ServerEvent) => void) | undefined) {
    this.#onEvent = onEvent
  }

  /** Tells an event. What the listener throws stays here, but for one more event. */
  tell(event: ServerEvent): void {
    try {
      this.#onEvent?.(event)
    } catch (error) {
      if (event.kind !== 'error') this.tell({ kind: 'error', error: toError(error) })
    }
  }

  /** Tells of a connection or a login for which there is no room. */
  onRefused(code: RefusalCode, peer: string | undefined, owner?: string): void {
    this.refused[code]++
    this.tell({ kind: 'refused', code, owner, peer })
  }

  /** {@link OnDropped}. */
  readonly onDropped: OnDropped = (code, { owner, clientId }, { message: { topic } }) => {
    this.dropped[code]++
    this.tell({ kind: 'dropped', code, owner, clientId, topic })
  }
}
