/**
 * What a runtime derives by itself, beside the event loop.
 *
 * @module
 */

/** The part of `node:crypto` used here. */
interface NodeCrypto {
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

/** The part of `node:os` used here. */
interface NodeOs {
  availableParallelism(): number
}

/**
 * A module of Node, as Node from 20.16 and 22.3 on, Bun and Deno have it; elsewhere `undefined`. Not
 * imported: an edge worker or a browser would not load a file that names it.
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

/** Native scrypt. `undefined` where the runtime has none. */
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
