/**
 * Whether what this process puts on record counts for others, and when.
 *
 * @module
 */

import { BrokerError } from '../../src/base/errors.ts'
import { isMemoryStore } from '../../src/device/memory-store.ts'
import type { Settings } from './settings/load.ts'

/** Why no other process would know a device that is made here; `undefined` if others may. */
export function whyNotShared({ fleet, isFleetGiven }: Settings): string | undefined {
  if (!isFleetGiven) return 'without a fleet in the configuration no device can be made'
  if (isMemoryStore(fleet.store)) {
    return 'the devices of a memoryStore are known to no other process'
  }
  return undefined
}

/** Where another process tells a broker of new devices, it may do so every few seconds: milliseconds. */
const TELLING_LIMIT_MS = 20_000
const TELLING_PAUSE_MS = 500

/**
 * Logs in a device that was put on record a moment ago: a broker that asks nobody is told of it by another
 * process, so a refusal may be early.
 *
 * @param connect Connects it.
 * @param stopped Gives up.
 * @throws Whatever `connect` does at last.
 */
export async function connectWhenTold<T>(
  connect: () => Promise<T>,
  stopped: AbortSignal,
): Promise<T> {
  const limit = performance.now() + TELLING_LIMIT_MS
  for (;;) {
    try {
      return await connect()
    } catch (error) {
      const isRefused = error instanceof BrokerError && error.code === 'ERR_BROKER_LOGIN_REFUSED'
      if (!isRefused || stopped.aborted || performance.now() >= limit) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, TELLING_PAUSE_MS))
  }
}
