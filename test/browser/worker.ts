/**
 * The edge worker: each request runs a case, since a connection ends with the request that made it.
 *
 * @module
 */
import { type BrowserBrokerOptions, browserBroker } from '../../adapters/browser/index.ts'
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { bytes, connectClient } from '../mqtt/client.ts'
import { outcomeOf, run } from './guest.ts'

interface Env {
  readonly KEEPER: {
    idFromName(name: string): unknown
    get(id: unknown): { fetch(request: Request): Promise<Response> }
  }
}

/** Makes a connection when it is first called, and publishes over it each time. */
class Kept {
  #broker: Broker | undefined
  async fetch(request: Request): Promise<Response> {
    const config = (await request.json()) as BrokerConfig
    return new Response(
      await outcomeOf(async () => {
        this.#broker ??= await open(config, new URL(request.url).searchParams.has('small'))
        await this.#broker.publish({ topic: 'notes/P-1/x', payload: bytes('x') })
      }),
    )
  }
}

/** @param isSmall Whether it is the client of `devicehub/browser`. */
async function open(config: BrokerConfig, isSmall: boolean): Promise<Broker> {
  if (!isSmall) return (await connectClient({ ...config, publishTimeout: 0.5 })).broker
  const broker = browserBroker(config as object as BrowserBrokerOptions)
  await broker.connect({ onMessage: () => {} })
  return broker
}

const kept = [new Kept(), new Kept()] as const

export default {
  async fetch(request: Request, { KEEPER }: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const isSmall = searchParams.has('small')
    if (pathname === '/object')
      return KEEPER.get(KEEPER.idFromName(isSmall ? 'small' : 'one')).fetch(request)
    if (pathname === '/kept') return kept[isSmall ? 1 : 0].fetch(request)
    if (pathname === '/abandoned') return new Kept().fetch(request)
    return new Response(await run(...((await request.json()) as Parameters<typeof run>)))
  },
}

/** A Durable Object. */
export class Keeper extends Kept {}
