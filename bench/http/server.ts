/**
 * What the bench of the routes asks: the routes in front of 100,000 devices of each of two types, and
 * beside them two baselines: a bare route that parses the same body and answers a constant, and a fair
 * one that also looks for the secret and answers the same bytes, from a map. Runs on Node, Bun and Deno;
 * prints its port.
 *
 * @module
 */
import process from 'node:process'
import { Hono } from 'hono'
import * as v from 'valibot'
import { brokerAuth } from '../../adapters/hono/index.ts'
import { passwordHasher } from '../../src/credential/generated.ts'
import { createFleet, defineDeviceType, memoryStore } from '../../src/index.ts'
import { loginAnswer } from '../../src/product/emqx/login-answer.ts'
import { emqx } from '../../src/product/index.ts'
import { listen } from './listen.ts'
import { DEVICES, DJANGO_HASH, deviceId, PASSWORD, SECRET, SLOW_USERS } from './site.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
/** Its rules cannot be written down for EMQX, so that it asks about each topic. */
const valve = defineDeviceType('valve', {
  data: v.object({ open: v.boolean() }),
  rules: [
    { effect: 'allow', actions: ['subscribe'], filter: 'news/#' },
    { effect: 'deny', actions: ['subscribe'], filter: 'news/internal/#' },
  ],
})

const pepper = 'a pepper of more than 16 bytes'
const generated = passwordHasher(pepper).hash(PASSWORD)
const store = memoryStore()

async function insert(type: string, id: string, hash: string): Promise<void> {
  await store.insert({
    type,
    id,
    username: `${type}/${id}`,
    credentials: [{ id: 'c', kind: 'password', hash, createdAt: 0 }],
    rules: [],
    attributes: {},
    revoked: false,
    createdAt: 0,
    revision: 1,
  })
}

for (let i = 0; i < DEVICES; i++) {
  await insert('pump', deviceId(i), generated)
  await insert('valve', deviceId(i), generated)
}
for (let i = 0; i < SLOW_USERS; i++) await insert('pump', `django-${i}`, DJANGO_HASH)

const fleet = createFleet({ types: [pump, valve], store, pepper })
const logger = { info() {}, warn() {}, error() {} }

/** What the fair route answers, by user name: what the routes answer. */
const logins = new Map<string, string>()
const accesses = new Map<string, string>()

for (let i = 0; i < DEVICES; i++) {
  for (const type of ['pump', 'valve']) {
    const username = `${type}/${deviceId(i)}`
    logins.set(username, loginAnswer((await fleet.findPrincipal(username))!).body)
    accesses.set(username, '{"result":"allow"}')
  }
}

const expected = new TextEncoder().encode(`Bearer ${SECRET}`)

/** Compares all bytes, whatever they are. */
function isSecret(header: string | undefined): boolean {
  const sent = new TextEncoder().encode(header)
  if (sent.length !== expected.length) return false
  let difference = 0
  for (let i = 0; i < sent.length; i++) difference |= sent[i]! ^ expected[i]!
  return difference === 0
}

const app = new Hono()
  .route('/iot/broker', brokerAuth(fleet, { secret: SECRET, products: [emqx], logger }))
  .get('/cpu', (context) => {
    const { user, system } = process.cpuUsage()
    return context.text(`${user + system}`)
  })
  .post('/fair/:question', async (context) => {
    const question = context.req.param('question')
    if (!isSecret(context.req.header('authorization'))) return context.json({ result: 'deny' })
    const { username } = await context.req.json<{ username: string }>()
    const answer = (question === 'acl' ? accesses : logins).get(username)
    return context.body(answer ?? '{"result":"deny"}', 200, { 'content-type': 'application/json' })
  })
  .post('/bare', async (context) => {
    const { username } = await context.req.json<{ username: string }>()
    return context.json({ result: username === '' ? 'deny' : 'allow' })
  })

console.log(`port ${await listen(app.fetch)}`)
