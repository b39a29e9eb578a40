/**
 * What is generated for a broker.
 *
 * @module
 */
import type { RoutesAddress } from './address.ts'

/** A file to put somewhere. */
export interface ConfigFile {
  /** Relative, with `/`. */
  readonly path: string
  readonly text: string
}

/** The files of one broker. */
export interface GeneratedConfig {
  readonly files: readonly ConfigFile[]
  /** What is left to do, one sentence each. */
  readonly notes: readonly string[]
}

/**
 * Writes the configuration of one product: closed where nobody answers, nobody matches or nobody is asked,
 * with `SECRET_PLACEHOLDER` in the place of the secret. Pure.
 *
 * @param routes Where its questions are answered; without effect if it asks none.
 * @throws {ConfigError} With the key `routes`, if it cannot be given this address.
 */
export type BrokerConfiguration = (routes: RoutesAddress) => GeneratedConfig
