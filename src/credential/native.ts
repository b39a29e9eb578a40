/**
 * What a runtime hashes and derives by itself, where it has the cryptography of Node or of Bun.
 *
 * @module
 */

/** The part of `node:crypto` used here. */
interface NodeCrypto {
  hash(algorithm: 'sha256', data: Uint8Array, encoding: 'hex' | 'latin1'): string
  hash(algorithm: 'sha256', data: Uint8Array, encoding: 'buffer'): Uint8Array
  scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    length: number,
    options: {
      readonly N: number
      readonly r: number
      readonly p: number
      readonly maxmem: number
    },
    done: (error: unknown, key: Uint8Array) => void,
  ): void
}

/** A hash that was begun with a key: of a text in UTF-8. */
interface KeyedHasher {
  /** One that goes on from here. */
  copy(): KeyedHasher
  update(text: string): KeyedHasher
  digest(encoding: 'hex'): string
}

type KeyedHasherClass = new (algorithm: 'sha256', key: Uint8Array) => KeyedHasher

/** The part of `node:os` used here. */
interface NodeOs {
  availableParallelism(): number
}

/**
 * A module of Node, as Node from 20.16 and 22.3 on, Bun and Deno have it, or Bun's own; elsewhere
 * `undefined`. Not imported: an edge worker or a browser would not load a file that names it.
 */
function builtin(name: string): unknown {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => unknown }
  }
  try {
    return process?.getBuiltinModule?.(name)
  } catch {
    // Whatever the reason is, there is a way without it.
    return undefined
  }
}

/** A hash of the runtime's own, at once. `undefined` where it has none that is faster than JavaScript. */
export function findHash(): NodeCrypto['hash'] | undefined {
  // Deno takes longer to hand bytes over than JavaScript takes to hash them.
  if ('Deno' in globalThis) return undefined
  const found = builtin('node:crypto') as Partial<NodeCrypto> | undefined
  return typeof found?.hash === 'function' ? found.hash : undefined
}

/** HMAC-SHA-256 as Bun has it, begun with a key. `undefined` where the runtime has no such thing. */
export function findKeyedHasher(): KeyedHasherClass | undefined {
  return (builtin('bun') as { readonly CryptoHasher?: KeyedHasherClass } | undefined)?.CryptoHasher
}

/** Native scrypt, beside the event loop. `undefined` where the runtime has none. */
export function findScrypt(): NodeCrypto['scrypt'] | undefined {
  const found = builtin('node:crypto') as Partial<NodeCrypto> | undefined
  return typeof found?.scrypt === 'function' ? found.scrypt : undefined
}

/** How many cores there are, as far as the runtime tells; else 1. */
export function countCores(): number {
  const { navigator } = globalThis as {
    readonly navigator?: { readonly hardwareConcurrency?: number }
  }
  // Node has a navigator from version 21 on.
  const told =
    navigator?.hardwareConcurrency ??
    (builtin('node:os') as Partial<NodeOs> | undefined)?.availableParallelism?.()
  return typeof told === 'number' && told >= 1 ? told : 1
}
