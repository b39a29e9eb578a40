/**
 * One broker behind every transport, in a process of Node whatever runtime the client is tested on:
 * `node --import tsx test/conformance/site.ts BROKER`. It prints what clients are configured with
 * as a line of JSON, and ends when its standard input does.
 *
 * @module
 */
import process from 'node:process'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import type { MqttConfig } from '../../adapters/mqtt/index.ts'
import { createFleet, memoryStore } from '../../src/index.ts'
import { authority, clients, servers } from '../support/certificates.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { tlsRelay } from '../support/tls-relay.ts'
import type { NetworkBroker, Transport } from './cells.ts'

/** What a client is configured with. */
export type Configs = Readonly<Record<Transport, MqttConfig>>

const plain = servers.good
const mutual = { ...plain, clientAuthority: authority.cert }
const trusting = { caCerts: authority.cert }
const known = { ...trusting, certFile: clients.good.cert, keyFile: clients.good.key }

/** A broker that runs. Its relays end with the process. */
interface Site {
  readonly configs: Configs
  stop(): Promise<void>
}

const sites: Readonly<Record<NetworkBroker, () => Promise<Site>>> = {
  async Mosquitto() {
    const mosquitto = await startMosquitto({
      listeners: {
        TLS: { tls: plain },
        'mutual TLS': { tls: mutual },
        WS: { protocol: 'websockets' },
        WSS: { protocol: 'websockets', tls: plain },
      },
    })
    const hostOf = (transport: Transport) => `localhost:${mosquitto.ports.get(transport)}`
    const configs = {
      TCP: { url: mosquitto.url },
      TLS: { url: `mqtts://${hostOf('TLS')}`, ...trusting },
      'mutual TLS': { url: `mqtts://${hostOf('mutual TLS')}`, ...known },
      WS: { url: `ws://127.0.0.1:${mosquitto.ports.get('WS')}/mqtt` },
      WSS: { url: `wss://${hostOf('WSS')}/mqtt`, ...trusting },
    }
    return { configs, stop: () => mosquitto.stop() }
  },

  async 'the embedded broker'() {
    const login = { username: 'hub', password: crypto.randomUUID() }
    const filter = 'conformance/#'
    const rules = [
      { effect: 'allow', actions: ['publish', 'subscribe'], filter },
      { effect: 'allow', actions: ['subscribe'], filter, share: 'devicehub' },
    ] as const
    const fleet = createFleet({ types: [], store: memoryStore(), services: [{ ...login, rules }] })
    const broker = await embeddedBroker(fleet, { port: 0, websocket: { port: 0 } })
    // It listens without TLS only, so TLS ends in front of it: the client is what is tested here.
    const tcp = await tlsRelay(portOf(broker.url), plain)
    const mutualTcp = await tlsRelay(portOf(broker.url), mutual)
    const webSocket = await tlsRelay(portOf(broker.websocketUrl!), plain)
    const { pathname } = new URL(broker.websocketUrl!)
    const configs = {
      TCP: { url: broker.url, ...login },
      TLS: { url: `mqtts://localhost:${tcp.port}`, ...login, ...trusting },
      'mutual TLS': { url: `mqtts://localhost:${mutualTcp.port}`, ...login, ...known },
      WS: { url: broker.websocketUrl!, ...login },
      WSS: { url: `wss://localhost:${webSocket.port}${pathname}`, ...login, ...trusting },
    }
    return { configs, stop: () => broker.close() }
  },
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

const { configs, stop } = await sites[process.argv[2] as NetworkBroker]()
console.log(JSON.stringify(configs))
process.stdin.resume().once('end', async () => {
  await stop()
  process.exit()
})
