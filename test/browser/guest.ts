/**
 * Runs one case where it is bundled into: a page or an edge worker.
 *
 * @module
 */
import { type BrowserBrokerOptions, browserBroker } from '../../adapters/browser/index.ts'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { memoryBroker, memoryServer } from '../../src/broker/memory.ts'
import { type BrokerUnderTest, brokerContract } from '../../src/testing/index.ts'
import { cases } from './cases.ts'
import { cut, type Over, type Place, SMALL, type Tried } from './place.ts'

/**
 * Settles with what went wrong, or `''`.
 *
 * @param over For a case of the broker contract: over what.
 */
export async function run(title: string, place: Place, over?: Tried | null): Promise<string> {
  return outcomeOf(async () => {
    if (!over) return cases[title]!(place)
    return brokerContract.find(({ name }) => name === title)!.run(subjectOver(place, over))
  })
}

function subjectOver(place: Place, tried: Tried): BrokerUnderTest {
  if (tried === 'memory') {
    const server = memoryServer()
    return {
      open: (options) => memoryBroker(server, options),
      openLosable() {
        const broker = memoryBroker(server)
        return { broker, lose: () => server.cut(broker) }
      },
    }
  }
  const isSmall = tried.startsWith(SMALL)
  const over = (isSmall ? tried.slice(SMALL.length) : tried) as Over
  const open = (config: BrokerConfig) =>
    isSmall ? browserBroker(config as object as BrowserBrokerOptions) : mqtt(config)
  const config = place.contract[over]!
  const losable = place.losable[tried]!
  return {
    open: (options) => open({ ...config, ...options }),
    // The relay ends with the site.
    openLosable: () => ({
      broker: open(losable),
      lose: () => cut(place, losable.url!),
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
