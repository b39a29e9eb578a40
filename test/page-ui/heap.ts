/**
 * What a page keeps in memory, by a snapshot of its heap: its own, and apart from it the machine code that the
 * engine makes. That grows as long as functions are met often enough for the first time, whatever they do,
 * and is bounded by how many there are.
 *
 * @module
 */
import type { Driver } from './driver.ts'

/** In bytes, once all garbage is collected. */
export interface Heap {
  /** Objects, functions, arrays and texts. */
  readonly kept: number
  /** What the engine has of functions: bytecode, machine code, and what it learned of them. */
  readonly code: number
}

/** As far as it is read of a snapshot of V8: nodes are numbers in a row, `node_fields` of them each. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[]
      readonly node_types: readonly [readonly string[], ...unknown[]]
    }
  }
  readonly nodes: readonly number[]
}

/** Of the browser's own, such as elements, which `Performance.getMetrics` counts. */
const OF_BROWSER = ['native', 'synthetic']

/** Collects the garbage, and measures. */
export async function heapOf({ page }: Driver): Promise<Heap> {
  let text = ''
  page.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => {
    text += String(chunk)
  })
  await page.call('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  const { snapshot, nodes } = JSON.parse(text) as Snapshot
  const { node_fields, node_types } = snapshot.meta
  const [typeAt, sizeAt] = [node_fields.indexOf('type'), node_fields.indexOf('self_size')]
  let [kept, code] = [0, 0]
  for (let at = 0; at < nodes.length; at += node_fields.length) {
    const type = node_types[0][nodes[at + typeAt]!]!
    const size = nodes[at + sizeAt]!
    if (type === 'code') code += size
    else if (!OF_BROWSER.includes(type)) kept += size
  }
  return { kept, code }
}
