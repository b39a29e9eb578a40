/**
 * Where a broker is.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'

/** Where to connect to. */
export type BrokerAddress =
  | { readonly transport: 'tcp'; readonly host: string; readonly port: number }
  | { readonly transport: 'websocket'; readonly url: string }

const SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:']

/**
 * Reads the URL of a broker.
 *
 * @param key Where it stands, to name it in errors.
 * @throws {ConfigError} If it is none, or holds what does not belong there.
 */
export function parseUrl(text: string, key: string): URL {
  // The text is never repeated in a message: it may hold a password after all.
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url?.hostname) throw new ConfigError(key, 'must be mqtt://host:port or ws://host:port/path')
  if (url.username || url.password) {
    throw new ConfigError(key, 'must not hold a login: use the keys username and password')
  }
  if (url.hash) throw new ConfigError(key, 'must not hold a fragment')
  if (url.port === '0') throw new ConfigError(key, 'must not have the port 0')
  const { protocol } = url
  if (!SCHEMES.includes(protocol)) {
    throw new ConfigError(key, `must start with mqtt:, mqtts:, ws: or wss:, not ${protocol}`)
  }
  if (protocol.startsWith('mqtt') && (url.search || !['', '/'].includes(url.pathname))) {
    throw new ConfigError(key, `must not have a path with ${protocol}`)
  }
  return url
}

/**
 * Reads a host name or an IP address. One of IPv6 may stand in brackets, as in a URL.
 *
 * @param key Where it stands, to name it in errors.
 * @throws {ConfigError} If a port stands behind it, or brackets around something else.
 */
export function parseHost(text: string, key: string): string {
  const host = withoutBrackets(text)
  const colons = host.split(':').length - 1
  if (/[[\]]/.test(host) || colons === 1 || (host !== text && colons === 0)) {
    throw new ConfigError(key, 'must be a host name or an IP address: a port goes to the key port')
  }
  return host
}

/** The address in a URL that was read. */
export function toAddress({ protocol, hostname, port, href }: URL): BrokerAddress {
  if (protocol.startsWith('ws')) return { transport: 'websocket', url: href }
  return {
    transport: 'tcp',
    host: withoutBrackets(hostname),
    port: Number(port || defaultPort(protocol === 'mqtts:')),
  }
}

/** What stands between the brackets in which a URL has an address of IPv6. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/** The port where none is given. */
export function defaultPort(isSecure: boolean): number {
  return isSecure ? 8883 : 1883
}

/** The broker's address as far as it may be shown: what follows it in a URL may be a secret. */
export function addressOf({
  address,
  tls,
}: {
  readonly address: BrokerAddress
  readonly tls: unknown
}): string {
  if (address.transport === 'tcp') {
    const host = address.host.includes(':') ? `[${address.host}]` : address.host
    return `${tls ? 'mqtts' : 'mqtt'}://${host}:${address.port}`
  }
  const { protocol, host, pathname } = new URL(address.url)
  return `${protocol}//${host}${pathname}`
}
