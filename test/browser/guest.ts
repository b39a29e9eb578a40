/**
 * Runs one case where it is bundled into: a page or an edge worker.
 *
 * @module
 */
import { mqtt } from '../../adapters/mqtt/index.ts'
import { memoryBroker, memoryServer } from '../../src/broker/memory.ts'
import type { OpenLosable } from '../conformance/bench.ts'
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
    return runCase(brokerCases[title]!, ...openOver(place, over))
  })
}

function openOver(place: Place, over: Over): readonly [Open, OpenLosable] {
  if (over === 'memory') {
    const server = memoryServer()
    const openLosable: OpenLosable = async () => {
      const broker = memoryBroker(server)
      return { broker, lose: () => server.cut(broker), async end() {} }
    }
    return [async (options) => memoryBroker(server, options), openLosable]
  }
  const config = place.contract[over]!
  const openLosable: OpenLosable = async () => ({
    broker: mqtt(place.losable[over]!),
    async lose() {
      await fetch(place.cutUrl, { method: 'POST' })
    },
    // The relay ends with the site.
    async end() {},
  })
  return [async (options) => mqtt({ ...config, ...options }), openLosable]
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
