/**
 * Where EMQX's management API is, and who calls it.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import {
  basicAuthorization,
  type ManagementCall,
  managementApi,
} from '../../src/base/management-api.ts'
import { checkOptions } from '../../src/base/options.ts'

/** Where the management API is, and who calls it. */
export interface EmqxApiOptions {
  /**
   * Where the management API listens, without `/api/v5` or `/api/v4`. EMQX 5 and 6: the dashboard
   * listener, such as `https://emqx.internal:18084`. EMQX 4: that of its management plug-in, such as
   * `http://127.0.0.1:8081`.
   */
  readonly url: string
  /**
   * EMQX 5 and 6: an API key with the role `administrator`, since others may not end clients; to publish,
   * `publisher` will do. EMQX 4: the id of an application (AppID).
   */
  readonly key: string
  /** The secret that EMQX showed with the key. */
  readonly secret: string
}

/**
 * The calls of one EMQX.
 *
 * @param path Where its API begins.
 * @param advice What to check where it refuses the key.
 * @throws {ConfigError} If an option is not valid.
 */
export function emqxApi(options: EmqxApiOptions, path: string, advice: string): ManagementCall {
  checkOptions(options, { url: true, key: true, secret: true })
  const { url, key, secret } = options
  if (!key || key.includes(':')) throw new ConfigError('key', 'must be an API key, without ":"')
  if (!secret) throw new ConfigError('secret', 'is missing: EMQX shows it when a key is made')
  const authorization = basicAuthorization(key, secret)
  return managementApi({ product: 'EMQX', url, path, authorization, advice })
}

/** Longest client id that goes into a path, as it stands there. EMQX reads lines of 8,000 bytes. */
const MAX_PATH_ID = 2_000

/** A client id as a segment of a path; `undefined` if none can hold it. */
export function pathSegment(id: string): string | undefined {
  const segment = encodeURIComponent(id)
  const isSegment = id !== '' && id !== '.' && id !== '..' && segment.length <= MAX_PATH_ID
  return isSegment ? segment : undefined
}
