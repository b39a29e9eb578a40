/**
 * The edge worker: each request runs a case, since a connection ends with the request that made it.
 *
 * @module
 */
import type { MqttConfig } from '../../adapters/mqtt/index.ts'
import { bytes, type Client, connectClient } from '../mqtt/client.ts'
import { outcomeOf, run } from './guest.ts'

interface Env {
  readonly KEEPER: {
    idFromName(name: string): unknown
    get(id: unknown): { fetch(request: Request): Promise<Response> }
  }
}

/** Makes a connection when it is first called, and publishes over it each time. */
class Kept {
  #client: Client | undefined
  async fetch(request: Request): Promise<Response> {
    const config = (await request.json()) as MqttConfig
    return new Response(
      await outcomeOf(async () => {
        this.#client ??= await connectClient({ ...config, publishTimeout: 0.5 })
        await this.#client.broker.publish({ topic: 'notes/P-1/x', payload: bytes('x') })
      }),
    )
  }
}

const kept = new Kept()

export default {
  async fetch(request: Request, { KEEPER }: Env): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/object') return KEEPER.get(KEEPER.idFromName('one')).fetch(request)
    if (pathname === '/kept') return kept.fetch(request)
    if (pathname === '/abandoned') return new Kept().fetch(request)
    return new Response(await run(...((await request.json()) as Parameters<typeof run>)))
  },
}

/** A Durable Object. */
export class Keeper extends Kept {}
