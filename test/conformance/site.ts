/**
 * One broker behind every transport, in a process of Node whatever runtime the client is tested on:
 * `node --import tsx test/conformance/site.ts BROKER`. It prints what clients are configured with
 * as a line of JSON, and ends when its standard input does.
 *
 * @module
 */
import process from 'node:process'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import { createFleet, memoryStore } from '../../src/index.ts'
import { authority, clients, servers } from '../support/certificates.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import type { NetworkBroker, Transport } from './cells.ts'

/** What a client is configured with. */
export type Configs = Readonly<Record<Transport, BrokerConfig>>

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
    const ports = { port: 0, websocket: { port: 0 } }
    const certificate = { certFile: plain.cert, keyFile: plain.key }
    const brokers = await Promise.all([
      embeddedBroker(fleet, ports),
      embeddedBroker(fleet, { ...ports, tls: certificate }),
      embeddedBroker(fleet, { port: 0, tls: { ...certificate, caCerts: authority.cert } }),
    ])
    const [open, secure, mutual] = brokers
    // The certificate is for this name.
    const named = (url: string) => url.replace('127.0.0.1', 'localhost')
    const configs = {
      TCP: { url: open.url, ...login },
      TLS: { url: named(secure.url), ...login, ...trusting },
      'mutual TLS': { url: named(mutual.url), ...login, ...known },
      WS: { url: open.websocketUrl!, ...login },
      WSS: { url: named(secure.websocketUrl!), ...login, ...trusting },
    }
    return {
      configs,
      async stop() {
        await Promise.all(brokers.map((broker) => broker.close()))
      },
    }
  },
}

const { configs, stop } = await sites[process.argv[2] as NetworkBroker]()
console.log(JSON.stringify(configs))
process.stdin.resume().once('end', async () => {
  await stop()
  process.exit()
})
