/**
 * What a page or an edge worker connects to: an embedded broker with a WebSocket listener, behind a
 * relay that can be cut, and an HTTP server for the page and for what has to be done outside of it.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as v from 'valibot'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import { createFleet, defineDeviceType, memoryStore } from '../../src/index.ts'
import { tcpRelay } from '../mqtt/relay.ts'
import { authority, servers } from '../support/certificates.ts'
import { freePort, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { tlsRelay } from '../support/tls-relay.ts'
import { type Place, SMALL } from './place.ts'

/** Everything around a guest. */
export interface Site extends AsyncDisposable {
  /** What the guest is told. */
  readonly place: Place
  /** The page's address. */
  readonly pageUrl: string
  /** The authority to trust, as PEM text. */
  readonly authority: string
  /** The certificate it issued for the trusted listener. */
  readonly certificate: string
}

const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  rules: [{ effect: 'allow', actions: ['publish', 'subscribe'], filter: 'notes/{deviceId}/#' }],
})
const HUB = { username: 'hub', password: crypto.randomUUID() }
const PAGE =
  '<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/page.js"></script>'
/** What a page needs at least, and so what docs/browser.md says. */
const POLICY =
  "default-src 'none'; script-src 'self'; worker-src blob:; connect-src 'self' ws://127.0.0.1:* wss://127.0.0.1:*"

/** @param script The page's program. */
export async function openSite(script: string): Promise<Site> {
  const fleet = createFleet({
    types: [pump],
    store: memoryStore(),
    pepper: 'a pepper of more than 16 bytes',
    services: [
      {
        ...HUB,
        rules: [
          { effect: 'allow', actions: ['publish', 'subscribe'], filter: 'conformance/#' },
          { effect: 'allow', actions: ['subscribe'], filter: 'conformance/#', share: 'devicehub' },
          { effect: 'allow', actions: ['publish', 'subscribe'], filter: 'things/#' },
        ],
      },
    ],
  })
  const device = await fleet.provision(pump, 'P-1')
  const { username, password } = fleet.issueToken({
    rules: [{ effect: 'allow', actions: ['subscribe'], filter: '{prefix}/pump/{deviceId}/data' }],
    attributes: { deviceId: 'P-1' },
  })
  const broker = await embeddedBroker(fleet, { port: 0, websocket: { port: 0 } })
  const { port, pathname } = new URL(broker.websocketUrl!)
  const relay = await tcpRelay(Number(port))
  const secure = await tlsRelay(Number(port), servers.good)
  const distrusted = await tlsRelay(Number(port), servers.wrongHost)
  const mosquitto = mosquittoMissing
    ? undefined
    : await startMosquitto({
        listeners: {
          ws: { protocol: 'websockets' },
          wss: { protocol: 'websockets', tls: servers.good },
        },
      })
  const contract: Place['contract'] = {
    'the embedded broker and WS': { url: broker.websocketUrl!, ...HUB },
    'the embedded broker and WSS': {
      url: `wss://127.0.0.1:${secure.port}${pathname}`,
      ...HUB,
    },
    ...(mosquitto && {
      'Mosquitto and WS': { url: `ws://127.0.0.1:${mosquitto.ports.get('ws')}/mqtt` },
      'Mosquitto and WSS': { url: `wss://127.0.0.1:${mosquitto.ports.get('wss')}/mqtt` },
    }),
  }
  const relays = new Map([[new URL(relay.url).port, relay]])
  const losable: Record<string, BrokerConfig> = {}
  for (const [over, config] of Object.entries(contract)) {
    for (const tried of [over, `${SMALL}${over}`]) {
      const url = new URL(config.url!)
      const between = await tcpRelay(Number(url.port))
      url.port = new URL(between.url).port
      losable[tried] = { ...config, url: url.href }
      relays.set(url.port, between)
    }
  }
  const secureUrl = `wss://127.0.0.1:${secure.port}${pathname}`
  const server = createServer((request, response) => {
    const [, port] = /^\/cut\/(\d+)$/.exec(request.url!) ?? []
    if (request.method === 'POST' && port !== undefined) {
      relays.get(port)!.cut()
      response.end('cut')
    } else if (request.url === '/page.js') {
      response.setHeader('content-type', 'text/javascript').end(script)
    } else {
      const headers = { 'content-type': 'text/html', 'content-security-policy': POLICY }
      response.writeHead(200, headers).end(PAGE)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pageUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    pageUrl,
    authority: authority.cert,
    certificate: servers.good.cert,
    place: {
      url: broker.websocketUrl!,
      secureUrl,
      distrustedUrl: `wss://127.0.0.1:${distrusted.port}${pathname}`,
      closedUrl: `ws://127.0.0.1:${await freePort()}/mqtt`,
      relayUrl: `ws://127.0.0.1:${new URL(relay.url).port}${pathname}`,
      cutUrl: new URL('/cut/', pageUrl).href,
      hub: HUB,
      device: { username: device.username, password: device.password },
      token: { username, password },
      contract,
      losable,
    },
    async [Symbol.asyncDispose]() {
      for (const one of relays.values()) await one[Symbol.asyncDispose]()
      await secure[Symbol.asyncDispose]()
      await distrusted[Symbol.asyncDispose]()
      await mosquitto?.stop()
      await broker.close()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
