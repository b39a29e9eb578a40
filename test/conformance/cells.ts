/**
 * The cells of the conformance matrix: which brokers and transports the contract is run over, and
 * how a report names them. `test/runner/transports.ts` makes the table of the docs from those names.
 *
 * @module
 */

/** The brokers that are reached over a network. */
export const BROKERS = ['Mosquitto', 'the embedded broker'] as const
/** How they are reached. */
export const TRANSPORTS = ['TCP', 'TLS', 'mutual TLS', 'WS', 'WSS'] as const

export type NetworkBroker = (typeof BROKERS)[number]
export type Transport = (typeof TRANSPORTS)[number]

/** What the contract is run over. */
export type Cell = `${NetworkBroker} and ${Transport}` | 'memory'

/** The title of the suite of a cell, or of whatever else keeps the contract. */
export function contractTitle(name: string): string {
  return `the broker contract over ${name}`
}

/** The title of the test that a transport is refused by name where it cannot be. */
export function refusalTitle(transport: Transport): string {
  return `${transport} is refused by name`
}

/** Names of the cases that do not hold on a broker over any transport, each with the reason. */
export const exceptions: Readonly<Record<NetworkBroker, Readonly<Record<string, string>>>> = {
  Mosquitto: {},
  'the embedded broker': {},
}

const noShare = 'it has no shared subscriptions, and says so'
/** The cases that a client without shared subscriptions cannot keep. */
export const notShared: Readonly<Record<string, string>> = {
  'subscriptions: members of a share group get each message once among them': noShare,
  'subscriptions: a subscription that is not shared gets every message beside a share group':
    noShare,
}
