/**
 * Where a broker finds the routes it asks.
 *
 * @module
 */
import { ConfigError } from '../../base/errors.ts'

/** The mount of the routes, taken apart. */
export interface RoutesAddress {
  /** Without a slash at its end. */
  readonly url: string
  readonly isSecure: boolean
  readonly host: string
  readonly port: number
  /** Begins with a slash, and has none at its end; empty for a mount at the root. */
  readonly path: string
}

/** The authorities that a Debian system trusts, as containers made from it have them too. */
export const SYSTEM_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt'

/**
 * Reads the address.
 *
 * @throws {ConfigError} If it is no plain `http:` or `https:` URL. The address is not in it: it may
 * hold a secret.
 */
export function readAddress(text: string): RoutesAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new ConfigError('routes', 'must be an http: or https: URL, where brokerAuth is mounted')
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new ConfigError('routes', 'must have no login, query or fragment')
  }
  // What a configuration file would read as more than a text.
  if (!/^[\w.:/%[\]~-]+$/.test(url.href)) {
    throw new ConfigError('routes', 'holds a character that has a meaning in configuration files')
  }
  const isSecure = url.protocol === 'https:'
  return {
    url: url.href.replace(/\/+$/, ''),
    isSecure,
    host: url.hostname,
    port: Number(url.port || (isSecure ? 443 : 80)),
    path: url.pathname.replace(/\/+$/, ''),
  }
}

/** @throws {ConfigError} If the routes are reached over TLS, which this broker's files do not cover. */
export function needPlain({ isSecure }: RoutesAddress, why: string): void {
  if (isSecure) {
    throw new ConfigError('routes', `is https:, but ${why}: give the routes a plain address nearby`)
  }
}
