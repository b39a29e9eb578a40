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

/** Writes the files of one broker. */
export type Generator = (address: RoutesAddress) => GeneratedConfig

/** Says where the secret goes. */
export const SECRET_NOTE: string =
  'Put the secret of your routes, 16 letters and digits or more, in the place of YOUR-BROKER-SECRET in every file, and let nobody read the files but the user the broker runs as: sed -i s/YOUR-BROKER-SECRET/…/ *'
