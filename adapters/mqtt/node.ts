/**
 * What only Node, Bun and Deno have.
 *
 * @module
 */

/** The modules of Node used here. */
interface NodeModules {
  crypto: typeof import('node:crypto')
  'fs/promises': typeof import('node:fs/promises')
  net: typeof import('node:net')
  tls: typeof import('node:tls')
}

/** Whether the runtime has TCP and TLS sockets that keep their options: Node, Bun and Deno have. */
export function hasSockets(): boolean {
  const { process, navigator } = globalThis as {
    process?: { versions?: { node?: string } }
    navigator?: { userAgent?: string }
  }
  // Told apart first, since it can have a `process` of Node's kind.
  if (navigator?.userAgent === 'Cloudflare-Workers') return false
  return process?.versions?.node !== undefined
}

/**
 * Loads a module of Node, where {@link hasSockets} is true. Its name is put together while running:
 * a bundler for browsers or edge workers would look for one that stands in the source.
 */
export function loadNode<Name extends keyof NodeModules>(name: Name): Promise<NodeModules[Name]> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ `node:${name}`)
}
