/**
 * The MQTT adapter keeps the contract on the embedded broker, over TCP and WebSocket.
 *
 * @module
 */
import { after, before } from 'node:test'
import { type EmbeddedBroker, embeddedBroker } from '../../adapters/aedes/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { memoryStore } from '../../src/device/memory-store.ts'
import { createFleet } from '../../src/fleet.ts'
import type { Open } from './broker.ts'
import { conforms } from './run.ts'

const login = { username: 'hub', password: crypto.randomUUID() }
let embedded: EmbeddedBroker

before(async () => {
  const rules = [
    { effect: 'allow', actions: ['publish', 'subscribe'], filter: 'conformance/#' },
  ] as const
  const fleet = createFleet({ types: [], store: memoryStore(), services: [{ ...login, rules }] })
  embedded = await embeddedBroker(fleet, { port: 0, websocket: { port: 0 } })
})
after(() => embedded.close())

const open =
  (url: () => string): Open =>
  async (options) =>
    mqtt({ url: url(), ...login, ...options })

const noShare = 'the embedded broker has no shared subscriptions'
const except = {
  'members of a share group get each message once among them': noShare,
  'a subscription that is not shared gets every message beside a share group': noShare,
}

conforms(
  'the embedded broker and TCP',
  open(() => embedded.url),
  except,
)
conforms(
  'the embedded broker and WebSocket',
  open(() => embedded.websocketUrl!),
  except,
)
