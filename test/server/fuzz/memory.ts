/**
 * What is in use of the heap.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes in use after a collection of garbage; `undefined` where none can be asked for. */
export function usedHeap(): number | undefined {
  if ('Bun' in globalThis || 'Deno' in globalThis) return undefined
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
