/**
 * What is generated for a broker.
 *
 * @module
 */

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
