/**
 * What of a configuration this runtime can do.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { TLS_FILE_KEYS } from '../../src/base/pem.ts'
import type { ResolvedBrokerConfig } from './config.ts'
import { hasSockets } from './node.ts'

/**
 * Checks that this runtime can do what is configured.
 *
 * @param key The key of the configuration, for error messages.
 * @param addressKey The key in it that holds the address.
 * @throws {ConfigError} If it cannot.
 */
export function checkRuntime(
  { tls, address }: ResolvedBrokerConfig,
  key: string,
  addressKey: string,
): void {
  if (hasSockets()) return
  for (const name of TLS_FILE_KEYS) {
    if (tls?.[name] === undefined) continue
    const problem = 'has no effect in a browser or an edge worker, whose own list of authorities'
    throw new ConfigError(`${key}.${name}`, `${problem} counts: leave it out`)
  }
  if (address.transport === 'websocket') return
  const needs = 'needs Node, Bun or Deno: use'
  if (tls) throw new ConfigError(`${key}.tls`, `TLS over TCP ${needs} wss: in url instead`)
  throw new ConfigError(`${key}.${addressKey}`, `TCP ${needs} ws: or wss: in url instead`)
}
