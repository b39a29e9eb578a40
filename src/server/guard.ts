/**
 * Whom a server asks who a client is and what it may do. The server knows no fleet, and the guard no
 * packets.
 *
 * @module
 */
import type { MaybePromise } from '../base/maybe-promise.ts'

/** Who wants to connect, as the client says. */
export interface LoginRequest {
  /** Made up by the server where the client left it to it. */
  readonly clientId: string
  readonly username: string | undefined
  readonly password: Uint8Array | undefined
  /** Where the connection comes from, as the transport tells it: an address, for one. */
  readonly peer: string | undefined
}

/** What came of it. */
export type Login =
  | {
      readonly effect: 'allow'
      /**
       * To whom the session belongs: a client id finds a session of the same owner and no other. Bounds
       * are kept for each owner.
       */
      readonly owner: string
      readonly rights: ClientRights
    }
  | {
      readonly effect: 'deny'
      /** One of CONNACK (MQTT 5, section 3.2.2.2). In MQTT 3.1.1 the client is told what comes closest. */
      readonly reasonCode: number
    }

/** Why something is not granted. */
export interface Refusal {
  /** Such as 0x87, not authorized. */
  readonly reasonCode: number
  /** For whoever asked for problem information. Called only where it is sent. */
  explain?(): string
}

/**
 * What one client may do. Answers may change: the server is then told to review its sessions.
 */
export interface ClientRights {
  /** Why it may not publish; `undefined` if it may. */
  refusePublish(topic: string, qos: 0 | 1 | 2, retain: boolean): Refusal | undefined
  /** Why it may not subscribe; `undefined` if it may. The filter has its share prefix. */
  refuseSubscribe(filter: string, qos: 0 | 1 | 2): Refusal | undefined
  /** Whether it may have a subscription that it has, whole. Nothing is reported. */
  holdsSubscription(filter: string, qos: 0 | 1 | 2): boolean
  /**
   * Whether it may receive a message of this topic name, by a shared subscription of a share name, or by
   * one that is not shared. Nothing is reported.
   */
  mayReceive(topic: string, share: string | undefined): boolean
}

/** Decides for a server. */
export interface ServerGuard {
  /** Tells who a client is. A rejection or exception is answered with 0x88, server unavailable. */
  login(request: LoginRequest): MaybePromise<Login>
}

const FREE: ClientRights = {
  refusePublish: () => undefined,
  refuseSubscribe: () => undefined,
  holdsSubscription: () => true,
  mayReceive: () => true,
}

/** Lets everybody do everything: for a server that nobody else reaches. */
export const OPEN_GUARD: ServerGuard = {
  login: () => ({ effect: 'allow', owner: '', rights: FREE }),
}
