/**
 * Mounts the product beside this file, asks and tells over HTTP what its broker would, generates its
 * configuration, and prints what came of it as JSON.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { createFleet, defineDeviceType, memoryStore, presenceTracker } from 'devicehub'
import { brokerAuth, brokerEvents } from 'devicehub/hono'
import { brokerConfig } from 'devicehub/products'
import { Hono } from 'hono'
import * as v from 'valibot'
import { plantBroker, plantConfiguration } from './plant-broker.mjs'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const fleet = createFleet({ types: [pump], store: memoryStore() })
const { username: user, password } = await fleet.provision(pump, 'P-1')
const presence = presenceTracker({ types: fleet.types })

const lines = []
const note = (line) => lines.push(line)
const logger = { info: note, warn: note, error: note }
const secret = 'broker-secret-0123456789'
const options = { secret, logger, products: [plantBroker] }
const app = new Hono()
  .route('/iot/broker', brokerAuth(fleet, options))
  .route('/iot/events', brokerEvents(fleet, { ...options, presence }))

const server = createServer(async (incoming, outgoing) => {
  const { method, url, headers } = incoming
  const body = await text(incoming)
  const answer = await app.fetch(
    new Request(new URL(url, 'http://here'), { method, headers, body }),
  )
  outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
  outgoing.end(await answer.text())
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

async function send(path, fields, bearer = secret) {
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/iot/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}` },
    body: new URLSearchParams(fields),
  })
  return `${answer.status} ${await answer.text()}`
}

const login = { user, word: password, client: user }
const topics = (words, more = {}) => ({ user, client: user, do: 'w', topics: words, ...more })
const own = 'things/pump/P-1/data'
const other = 'things/pump/P-2/data'
const event = { user, client: user, since: '1764000000000' }
const connected = () => presence.of(pump, 'P-1').connected

const answers = {
  login: await send('broker/plant-broker/login', login),
  'a wrong password': await send('broker/plant-broker/login', { ...login, word: 'wrong' }),
  'the client id of another': await send('broker/plant-broker/login', { ...login, client: 'x' }),
  'another secret': await send('broker/plant-broker/login', login, 'another-secret-0123456789'),
  own: await send('broker/plant-broker/topics', topics(own)),
  both: await send('broker/plant-broker/topics', topics(`${other} ${own}`)),
  other: await send('broker/plant-broker/topics', topics(other)),
  'another word': await send('broker/plant-broker/topics', topics(own, { do: 'x' })),
  'a product that is not mounted': await send('broker/emqx/auth', { username: user, password }),
  before: connected(),
  connected: await send('events/plant-broker', { kind: 'connected', ...event }),
  meanwhile: connected(),
  disconnected: await send('events/plant-broker', { kind: 'disconnected', ...event }),
  after: connected(),
  'no event': await send('events/plant-broker', { kind: 'asleep', ...event }),
}
server.close()
server.closeAllConnections()

const routes = 'http://10.0.0.5:8000/iot/broker'
console.log(
  JSON.stringify({ answers, lines, files: brokerConfig(plantConfiguration, { routes }).files }),
)
