/**
 * Runs one case where it is bundled into: a page or an edge worker.
 *
 * @module
 */
import { mqtt } from '../../adapters/mqtt/index.ts'
import { memoryBroker, memoryServer } from '../../src/broker/memory.ts'
import { brokerCases, type Open, runCase } from '../conformance/broker.ts'
import { cases } from './cases.ts'
import type { Over, Place } from './place.ts'

/**
 * Settles with what went wrong, or `''`.
 *
 * @param over For a case of the broker contract: over what.
 */
export async function run(title: string, place: Place, over?: Over | null): Promise<string> {
  return outcomeOf(async () => {
    if (!over) return cases[title]!(place)
    return runCase(brokerCases[title]!, openOver(place, over))
  })
}

function openOver(place: Place, over: Over): Open {
  if (over === 'memory') {
    const server = memoryServer()
    return async (options) => memoryBroker(server, options)
  }
  const config = place.contract[over]!
  return async (options) => mqtt({ ...config, ...options })
}

/** What an error says, or `''`. */
export async function outcomeOf(run: () => Promise<void>): Promise<string> {
  try {
    await run()
    return ''
  } catch (error) {
    return error instanceof Error ? `${error.stack ?? error}` : `Thrown: ${error}`
  }
}
