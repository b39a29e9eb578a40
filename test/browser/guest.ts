/**
 * Runs one case where it is bundled into: a page or an edge worker.
 *
 * @module
 */
import { mqtt } from '../../adapters/mqtt/index.ts'
import { memoryBroker, memoryServer } from '../../src/broker/memory.ts'
import { type BrokerUnderTest, brokerContract } from '../../src/testing/index.ts'
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
    return brokerContract.find(({ name }) => name === title)!.run(subjectOver(place, over))
  })
}

function subjectOver(place: Place, over: Over): BrokerUnderTest {
  if (over === 'memory') {
    const server = memoryServer()
    return {
      open: (options) => memoryBroker(server, options),
      openLosable() {
        const broker = memoryBroker(server)
        return { broker, lose: () => server.cut(broker) }
      },
    }
  }
  const config = place.contract[over]!
  return {
    open: (options) => mqtt({ ...config, ...options }),
    // The relay ends with the site.
    openLosable: () => ({
      broker: mqtt(place.losable[over]!),
      async lose() {
        await fetch(place.cutUrl, { method: 'POST' })
      },
    }),
  }
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
