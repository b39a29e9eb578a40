/**
 * What a page is told of the world: that it is looked at again, or online again.
 *
 * @module
 */

import { pause } from '../../src/client/pauses.ts'

/** The part of a page's globals used here. An edge worker, Node, Bun and Deno have some of it or none. */
interface Page {
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
  readonly visibilityState?: string
  readonly document?: Page
}

/** Calls when the page comes online, or becomes visible. Returns how to stop that. */
export function onAwake(run: () => void): () => void {
  const page = globalThis as unknown as Page
  const { document } = page
  const look = () => {
    if (document?.visibilityState === 'visible') run()
  }
  page.addEventListener?.('online', run)
  document?.addEventListener?.('visibilitychange', look)
  return () => {
    page.removeEventListener?.('online', run)
    document?.removeEventListener?.('visibilitychange', look)
  }
}

/** Settles after some milliseconds, when the page is awake again, or when the signal aborts. */
export async function pauseUntilAwake(ms: number, signal: AbortSignal): Promise<void> {
  const awake = new AbortController()
  const stop = onAwake(() => awake.abort())
  await pause(ms, AbortSignal.any([signal, awake.signal]))
  stop()
}
