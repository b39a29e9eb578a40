/**
 * Where a guest is: what the page or the edge worker that runs the cases is told.
 *
 * @module
 */
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import type { Cell } from '../conformance/cells.ts'

/** A user name and its password. */
export interface Login {
  readonly username: string
  readonly password: string
}

/** The cells of the conformance matrix that are tried. */
export type Over = Extract<Cell, 'memory' | `${string} and ${'WS' | 'WSS'}`>

/** What the contract is tried over: with `devicehub/mqtt`, or with `devicehub/browser`. */
export type Tried = Over | `${typeof SMALL}${Exclude<Over, 'memory'>}`

/** What a title of the contract begins with where the client is that of `devicehub/browser`. */
export const SMALL = 'devicehub/browser on '

/** What there is to connect to, and who may. */
export interface Place {
  readonly url: string
  /** The same broker with a certificate that the guest trusts. */
  readonly secureUrl: string
  /** The same broker with a certificate for another host. */
  readonly distrustedUrl: string
  /** Nothing listens there. */
  readonly closedUrl: string
  /** The same broker behind a relay. */
  readonly relayUrl: string
  /** See {@link cut}. */
  readonly cutUrl: string
  /** May do everything below `conformance` and `things`. */
  readonly hub: Login
  /** The pump P-1, which also has `notes/P-1/#` for itself. */
  readonly device: Login
  /** May subscribe to the data of the pump P-1. */
  readonly token: Login
  /** What is configured to try the contract over it, where that is not `memory`. */
  readonly contract: Readonly<Partial<Record<Over, BrokerConfig>>>
  /** The same, each through a relay of its own. */
  readonly losable: Readonly<Partial<Record<Tried, BrokerConfig>>>
}

/** Cuts whatever is connected through the relay of an address. */
export async function cut({ cutUrl }: Place, relayUrl: string): Promise<void> {
  await fetch(`${cutUrl}${new URL(relayUrl).port}`, { method: 'POST' })
}
