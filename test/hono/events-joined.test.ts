/**
 * Events of brokers that have joined a client's id with its user name: presence knows the client by the
 * id that it gave itself, and two user names may use the same one.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerEvents } from '../../adapters/hono/index.ts'
import { type ConnectionRef, presenceTracker } from '../../src/index.ts'
import { emqx, type Post, T, toEmqx, toVernemq, vernemq } from '../product/events/recorded.ts'
import { TELLING } from '../support/products.ts'
import { captureLog, fixture, pump, SECRET, weatherStation } from './fixture.ts'

const STATION = 'weatherstation/STATION-001'
const PUMP = 'pump/P-1'
const { fleet } = await fixture()

/** A recorded event, as it is of a session that has the user name in its id. */
function joined({ body, ...post }: Post, username: string): Post {
  return { ...post, body: body.replace('"c-1"', JSON.stringify(`${username}///c-1`)) }
}

const brokers = {
  EMQX: {
    on: (username: string) => [toEmqx(emqx.connected(T, 1001, username))],
    off: (username: string) => [toEmqx(emqx.disconnected(T, 1001, 'normal', username))],
  },
  VerneMQ: {
    on: (username: string) => [
      toVernemq('on_register', vernemq.register(username)),
      toVernemq('on_client_wakeup', vernemq.client()),
    ],
    off: () => [toVernemq('on_client_gone', vernemq.client())],
  },
}

function site() {
  const tracker = presenceTracker({ types: fleet.types })
  const told: ConnectionRef[] = []
  const presence = {
    ...tracker,
    connected: (event: ConnectionRef) => {
      told.push(event)
      return tracker.connected(event)
    },
  }
  const options = { secret: SECRET, products: TELLING, logger: captureLog(), presence }
  const app = new Hono().route('/', brokerEvents(fleet, options))
  const send = async (username: string, posts: readonly Post[]) => {
    for (const post of posts) {
      const { path, headers, body } = joined(post, username)
      const type = { 'content-type': 'application/json' }
      const answer = await app.request(path, {
        method: 'POST',
        headers: { ...type, ...headers },
        body,
      })
      assert.ok(answer.ok)
    }
  }
  const connected = () => [
    tracker.of(weatherStation, 'STATION-001').connected,
    tracker.of(pump, 'P-1').connected,
  ]
  return { send, connected, told }
}

for (const [name, { on, off }] of Object.entries(brokers)) {
  describe(name, () => {
    test('is known by the id that the client gave itself', async () => {
      const { send, told } = site()
      await send(STATION, on(STATION))
      assert.ok(told.length > 0)
      for (const { clientId } of told) assert.equal(clientId, 'c-1')
    })

    test('two devices with one id of their own come and go each by itself', async () => {
      const { send, connected } = site()
      await send(STATION, on(STATION))
      assert.deepEqual(connected(), [true, 'unknown'])
      await send(PUMP, on(PUMP))
      assert.deepEqual(connected(), [true, true])
      await send(STATION, off(STATION))
      assert.deepEqual(connected(), [false, true])
      await send(PUMP, off(PUMP))
      assert.deepEqual(connected(), [false, false])
    })
  })
}
