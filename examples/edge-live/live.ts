/**
 * A Durable Object: one connection to the broker for all pages of a tenant.
 *
 * It connects for the first page, and closes when the last one has gone: then nothing of it is left to be
 * paid for. It keeps nothing: where the platform ends it, its pages come again, and so does all of this.
 *
 * @module
 */
import { type Broker, createFleet, type Fleet, type Message } from 'devicehub'
import { browserBroker, credentials } from 'devicehub/browser'
import { d1, sqlStore } from 'devicehub/sql'
import { pump } from '../edge-worker/types.ts'
import type { Env } from './env.ts'
import { Page } from './page.ts'

/** Most pages of a tenant at once. */
const MAX_PAGES = 500
/** Milliseconds after which a page has to come again, and is asked anew who it is. */
const PAGE_LIFE = 15 * 60_000
/** Milliseconds between what shows a proxy that a page is there, and this that it is gone. */
const PING = 10_000

/** A Durable Object. The worker asks it for a stream, of a page that may watch a pump. */
export class Live {
  readonly #url: string
  readonly #fleet: Fleet
  /** By the topic that they watch. */
  readonly #pages = new Map<string, Set<Page>>()
  #count = 0
  #broker: Broker | undefined
  /** Whether its connection is, and is being made again. */
  #isLost = false
  #pings: ReturnType<typeof setInterval> | undefined
  /** What is done with the connection: one thing after another. */
  #last: Promise<void> = Promise.resolve()

  constructor(_state: unknown, env: Env) {
    this.#url = env.BROKER_URL
    this.#fleet = createFleet({ types: [pump], store: sqlStore(d1(env.DB)), pepper: env.PEPPER })
  }

  /** Answers the stream of one page: `/TENANT/ID`. */
  async fetch(request: Request): Promise<Response> {
    const [, tenant = '', id = ''] = new URL(request.url).pathname
      .split('/')
      .map(decodeURIComponent)
    if (this.#count >= MAX_PAGES) {
      return new Response('Too many pages', { status: 503, headers: { 'retry-after': '30' } })
    }
    const topic = this.#fleet.topics(pump).name(id, 'data')
    const page: Page = new Page(() => this.#remove(topic, page))
    this.#add(topic, page)
    request.signal.addEventListener('abort', () => this.#remove(topic, page))
    this.#inTurn(() => this.#watch(tenant, topic, page))
    return new Response(page.body, {
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
    })
  }

  #add(topic: string, page: Page): void {
    const there = this.#pages.get(topic) ?? new Set()
    this.#pages.set(topic, there.add(page))
    this.#count++
    this.#pings ??= setInterval(() => this.#tend(), PING)
  }

  #remove(topic: string, page: Page): void {
    const there = this.#pages.get(topic)
    if (!there?.delete(page)) return
    this.#count--
    if (there.size === 0) this.#pages.delete(topic)
    if (this.#count === 0) {
      clearInterval(this.#pings)
      this.#pings = undefined
    }
    this.#inTurn(() => this.#leave(topic))
  }

  #end(topic: string, page: Page): void {
    page.end()
    this.#remove(topic, page)
  }

  #tend(): void {
    const now = Date.now()
    for (const [topic, pages] of this.#pages) {
      for (const page of pages) {
        if (now - page.since < PAGE_LIFE) page.ping()
        else this.#end(topic, page)
      }
    }
  }

  #each(act: (page: Page) => void): void {
    for (const pages of this.#pages.values()) for (const page of pages) act(page)
  }

  #inTurn(act: () => Promise<void>): void {
    this.#last = this.#last.then(act).catch((error) => {
      console.error(`Live pages: ${error.message}`)
      this.#endAll()
    })
  }

  /** They come again, and with them the next attempt. */
  #endAll(): void {
    for (const [topic, pages] of this.#pages) for (const page of pages) this.#end(topic, page)
  }

  async #watch(tenant: string, topic: string, page: Page): Promise<void> {
    if (!this.#pages.get(topic)?.has(page)) return
    this.#broker ??= await this.#connect(tenant)
    await this.#subscribe([topic])
    page.tell('broker', this.#isLost ? 'lost' : 'connected')
  }

  async #subscribe(topics: readonly string[]): Promise<void> {
    const subscribing = this.#broker?.subscribe(topics.map((filter) => ({ filter })))
    await subscribing?.catch(unlessLost)
  }

  async #leave(topic: string): Promise<void> {
    if (this.#count === 0) {
      await this.#broker?.close()
      this.#broker = undefined
    } else if (!this.#pages.has(topic)) {
      await this.#broker?.unsubscribe([topic]).catch(unlessLost)
    }
  }

  async #connect(tenant: string): Promise<Broker> {
    const broker = browserBroker({
      url: this.#url,
      // A login of its own, made anew for each connection, that may watch and do nothing else.
      credentials: credentials(() =>
        this.#fleet.issueToken({
          subject: `live/${tenant}`,
          rules: [{ effect: 'allow', actions: ['subscribe'], filter: '{prefix}/pump/+/data' }],
          expiresIn: 86_400,
        }),
      ),
    })
    void this.#follow(broker)
    await broker.connect({ onMessage: (message) => this.#receive(message) })
    return broker
  }

  #receive({ topic, payload }: Message): void {
    let data: unknown
    try {
      data = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    } catch {
      for (const page of this.#pages.get(topic) ?? []) page.tell('rejected', 'is no JSON')
      return
    }
    for (const page of this.#pages.get(topic) ?? []) page.tell('data', data)
  }

  /** A page is told while nothing can reach it: what it shows is old then. */
  async #follow(broker: Broker): Promise<void> {
    for await (const status of broker.status()) {
      if (status.kind === 'error') console.error(`Live pages: ${status.error.message}`)
      if (status.kind === 'disconnected') {
        this.#isLost = true
        this.#each((page) => page.tell('broker', 'lost'))
      }
      if (status.kind === 'connected' && this.#isLost) {
        this.#isLost = false
        this.#inTurn(async () => {
          await this.#subscribe([...this.#pages.keys()])
          this.#each((page) => page.tell('broker', 'connected'))
        })
      }
    }
    this.#isLost = false
    // By itself, such as where its login is refused: the pages come again.
    if (this.#broker === broker) this.#endAll()
  }
}

/** Whoever is subscribed by then is subscribed anew with the connection that is made again. */
function unlessLost(error: { readonly code?: string }): void {
  if (error.code === 'ERR_BROKER_NOT_CONNECTED') return
  if (error.code === 'ERR_BROKER_CONNECTION_LOST') return
  throw error
}
