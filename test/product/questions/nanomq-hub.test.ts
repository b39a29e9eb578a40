/**
 * A hub on NanoMQ: its filters in one SUBSCRIBE come joined into one question that its rules do not
 * grant, so that it asks for one after the other.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import * as v from 'valibot'
import { brokerAuth } from '../../../adapters/hono/index.ts'
import {
  command,
  createFleet,
  defineDeviceType,
  type Fleet,
  memoryStore,
} from '../../../src/index.ts'
import { nanomq } from '../../../src/product/products.ts'
import { captureLog, HUB_PASSWORD, SECRET } from '../../hono/fixture.ts'

const unchecked = v.unknown()
const types = [0, 1].map((i) =>
  defineDeviceType(`type-${i}`, {
    data: unchecked,
    commands: { go: command({ reply: unchecked }) },
  }),
)
const services = [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }] as const
const fleet = createFleet({ types, store: memoryStore(), services })

/** What a hub subscribes to, as NanoMQ writes it. */
function filters(fleet: Fleet): readonly string[] {
  return fleet.types.flatMap((type) => {
    const topics = fleet.topics(type)
    const shared = (['data', 'status'] as const).map((name) => topics.filter(name))
    return [...shared.map((filter) => `$share/devicehub/${filter}`), topics.filter('reply')]
  })
}

async function ask(topic: string): Promise<number> {
  const routes = brokerAuth(fleet, {
    secret: SECRET,
    logger: captureLog(),
    products: [nanomq],
  })
  const { status } = await new Hono().route('/', routes).request('/nanomq/acl', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
    body: JSON.stringify({ clientid: 'hub-1', username: 'hub', access: '1', topic }),
  })
  return status
}

test('each filter alone is granted, several at once are not', async () => {
  const all = filters(fleet)
  for (const filter of all) assert.equal(await ask(filter), 200)
  assert.equal(await ask(all.slice(0, 2).join(',')), 403)
  assert.equal(await ask(all.join(',')), 403)
})

test('filters beside them are not', async () => {
  for (const filter of ['things/#', '#', '$share/gang/things/type-0/+/data', '$SYS/#']) {
    assert.equal(await ask(filter), 403)
  }
})
