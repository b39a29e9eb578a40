/**
 * What a page is told of the world: that it is looked at again, or online again.
 *
 * @module
 */

import { pause } from '../../src/client/pauses.ts'

/** The part of a page's globals used here. An edge worker, Node, Bun and Deno have some of it or none. */
interface Page {
  addEventListener?(
    type: string,
    listener: () => void,
    options: { readonly signal: AbortSignal },
  ): void
  readonly visibilityState?: string
  readonly document?: Page
}

/** Calls when the page comes online, or becomes visible, until the signal aborts. */
export function onAwake(run: () => void, signal: AbortSignal): void {
  const page = globalThis as unknown as Page
  const { document } = page
  page.addEventListener?.('online', run, { signal })
  const look = () => {
    if (document?.visibilityState === 'visible') run()
  }
  document?.addEventListener?.('visibilitychange', look, { signal })
}

/** Settles after some milliseconds, when the page is awake again, or when the signal aborts. */
export async function pauseUntilAwake(ms: number, signal: AbortSignal): Promise<void> {
  const awake = new AbortController()
  onAwake(() => awake.abort(), awake.signal)
  await pause(ms, AbortSignal.any([signal, awake.signal]))
  awake.abort()
}
