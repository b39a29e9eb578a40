/**
 * What everything in Redis begins with.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { checkOptions } from '../../src/base/options.ts'

const DEFAULT_PREFIX = 'devicehub:'
const MAX_PREFIX_LENGTH = 128

/** What each part of this adapter takes beside the client. */
export interface RedisOptions {
  /**
   * What the keys and channels begin with in Redis, 1 to 128 characters of well-formed Unicode: whoever
   * else uses the same database needs another one, of which neither begins with the other. All processes
   * that are to share them have the same. Default: `devicehub:`.
   */
  readonly prefix?: string
}

/** The prefix of options. @throws {ConfigError} If one is unknown or not valid. */
export function readPrefix(options: RedisOptions): string {
  checkOptions(options, { prefix: true })
  const { prefix = DEFAULT_PREFIX } = options
  const isText = typeof prefix === 'string' && prefix !== '' && !/\p{Surrogate}/u.test(prefix)
  if (isText && prefix.length <= MAX_PREFIX_LENGTH) return prefix
  throw new ConfigError('prefix', `must be a text of 1 to ${MAX_PREFIX_LENGTH} characters`)
}
