/**
 * What a broker tells of a request: rules that speak of the rest grant nothing there.
 *
 * @module
 */

/** What a broker tells of a request, and what it understands. */
export interface DialectFacts {
  /** Whether it tells the QoS asked for. */
  readonly qos: boolean
  /** Whether it tells the retain flag of a publish. */
  readonly retain: boolean
  /** Whether it tells the share name of a subscription. */
  readonly share: boolean
  /** Whether it tells the client id. */
  readonly clientId: boolean
  /** Characters that it does not keep apart from the separator of levels. */
  readonly separators: string
}
