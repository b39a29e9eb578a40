/**
 * The CoAP broker of the examples keeps the contract, but for what CoAP has not; and what devices
 * send over UDP arrives as the contract says.
 *
 * @module
 */
import { describe, test } from 'node:test'
import { CoapBroker } from '../../examples/coap/broker.ts'
import { CoapDevice } from '../../examples/coap/device.ts'
import { CoapServer } from '../../examples/coap/server.ts'
import { type Broker, createFleet, memoryStore, type OutgoingMessage } from '../../src/index.ts'
import { brokerContract, type OpenBroker } from '../../src/testing/index.ts'
import { conforms } from './run.ts'

const username = 'bench'
const password = 'a password of the bench 42'
const fleet = createFleet({
  types: [],
  store: memoryStore(),
  services: [
    {
      username,
      password,
      rules: [{ effect: 'allow', actions: ['publish', 'subscribe'], filter: 'conformance/#' }],
    },
  ],
})
const server = new CoapServer(fleet, { host: '127.0.0.1', port: 0 })

const noShare = 'it has no shared subscriptions, and says so'
const noWill = 'it has no wills, and says so'
conforms(
  'CoAP, from hub to hub',
  { open: (options) => new CoapBroker(server, options) },
  {
    'subscriptions: members of a share group get each message once among them': noShare,
    'subscriptions: a subscription that is not shared gets every message beside a share group':
      noShare,
    'delivery: a retained message reaches a later subscriber, marked':
      'it has no retained messages',
    'delivery: a payload of 100,000 bytes arrives intact':
      'a notification is one datagram, and says so',
    'wills: a will is sent each time the connection is lost': noWill,
    'wills: a will is not sent after close': noWill,
    'wills: a wrong will rejects, and a right one connects after that': noWill,
  },
)

/** A broker as before, but what it publishes a device sends. */
const openWithDevice: OpenBroker = (options) => {
  const broker = new CoapBroker(server, options)
  let opening: Promise<CoapDevice> | undefined
  const openDevice = async () => new CoapDevice({ port: await server.port(), username, password })
  const post = async ({ topic, payload, qos }: OutgoingMessage) => {
    opening ??= openDevice()
    const device = await opening
    const code = await device.post(topic, payload, qos !== 0)
    // Handled, failed, or subscribed to by nobody.
    if (code !== '2.04' && code !== '5.00' && code !== '5.03') throw new Error(`It answers ${code}`)
  }
  return {
    connect: (connect) => broker.connect(connect),
    subscribe: (subscriptions) => broker.subscribe(subscriptions),
    unsubscribe: (filters) => broker.unsubscribe(filters),
    publish: post,
    close: async () => {
      await broker.close()
      const device = await opening
      device?.close()
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
    status: () => broker.status(),
  } satisfies Broker
}

// Only what is about delivery, and no handler that waits for another message of the same device.
describe('the broker contract over CoAP, from device to hub', () => {
  for (const title of [
    'delivery: delivers to a matching filter on another connection',
    'delivery: does not deliver what no filter matches',
    'delivery: wildcards match one level and all levels',
    'delivery: an empty payload arrives',
    'delivery: a binary payload arrives intact, and only the part that was given',
    'delivery: a payload of 100,000 bytes arrives intact',
    'delivery: messages of one publisher arrive in order',
    'subscriptions: a filter subscribed twice stays one subscription',
    'subscriptions: with a malformed filter nothing is subscribed',
    'subscriptions: an unsubscribed filter brings no more messages',
    'subscriptions: an unsubscribed filter can be subscribed again',
    'subscriptions: a filter that overlaps an unsubscribed one stands',
    'handlers: a handler that rejects or throws is reported, and the next message arrives',
    'handlers: handlers may publish and wait for that, in every slot of the window',
    'lifecycle: connecting twice rejects, and the connection stands',
    'lifecycle: a signal has no effect on a connection that stands',
  ]) {
    const found = brokerContract.find(({ name }) => name === title)
    if (!found) throw new Error(`No such case: ${title}`)
    test(title, { timeout: 30_000 }, () => found.run({ open: openWithDevice }))
  }
})
