/**
 * Questions behind a middleware that looked at the body first, and in addresses written with one
 * slash too many.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono, type HonoRequest } from 'hono'
import { brokerAuth, brokerEvents } from '../../adapters/hono/index.ts'
import { createFleet, memoryStore, presenceTracker } from '../../src/index.ts'
import { emqx, rabbitmq, vernemq } from '../../src/product/products.ts'
import { captureLog, HUB_PASSWORD, pump, SECRET } from './fixture.ts'

const fleet = createFleet({
  types: [pump],
  store: memoryStore(),
  services: [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }],
})
const LOGIN = { username: 'hub', password: HUB_PASSWORD }
const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

function mount(read?: (request: HonoRequest) => Promise<unknown>) {
  const log = captureLog()
  const presence = presenceTracker({ types: fleet.types })
  const app = new Hono()
  if (read) {
    app.use(async ({ req }, next) => {
      await read(req)
      await next()
    })
  }
  const shared = { secret: SECRET, logger: log, maxBodyBytes: 300 }
  app.route('/iot', brokerAuth(fleet, { ...shared, products: [emqx, rabbitmq, vernemq] }))
  app.route('/events', brokerEvents(fleet, { ...shared, presence, products: [emqx, vernemq] }))
  const post = async (path: string, type: string, body: string, length = true) => {
    const headers = {
      'content-type': type,
      authorization: `Bearer ${SECRET}`,
      ...(length && { 'content-length': `${new TextEncoder().encode(body).length}` }),
    }
    return app.request(path, { method: 'POST', headers, body })
  }
  return {
    log,
    async json(path: string, fields: object, length?: boolean) {
      return (await post(path, JSON_TYPE, JSON.stringify(fields), length)).text()
    },
    async form(path: string, fields: Record<string, string>, length?: boolean) {
      return (await post(path, FORM_TYPE, new URLSearchParams(fields).toString(), length)).text()
    },
    post,
  }
}

describe('a body that a middleware read before', () => {
  const ways: readonly [title: string, read: (request: HonoRequest) => Promise<unknown>][] = [
    ['as text', (request) => request.text()],
    ['as JSON', (request) => request.json().catch(() => {})],
    ['as bytes', (request) => request.arrayBuffer()],
    ['as a blob', (request) => request.blob()],
    ['as a form', (request) => request.parseBody()],
    ['not at all', async () => {}],
  ]
  for (const [title, read] of ways) {
    for (const length of [true, false]) {
      test(`${title} is read, ${length ? 'with' : 'without'} a length`, async () => {
        const { json, form } = mount(read)
        const good = { ...LOGIN, clientid: 'hub' }
        assert.match(await json('/iot/emqx/auth', good, length), /^\{"result":"allow"/)
        const bad = { ...good, password: 'another-password' }
        assert.equal(await json('/iot/emqx/auth', bad, length), '{"result":"deny"}')
        const path = `/iot/rabbitmq/${SECRET}/user`
        assert.match(await form(path, { ...LOGIN, client_id: 'hub' }, length), /^allow/)
        const wrong = { ...LOGIN, client_id: 'hub', password: 'another-password' }
        assert.equal(await form(path, wrong, length), 'deny')
        const long = { ...good, more: 'ü'.repeat(200) }
        assert.equal(await json('/iot/emqx/auth', long, length), '{"result":"deny"}')
      })
    }
  }

  test('as a form by formData is read, and twice the same field is not', async () => {
    const { form, post } = mount((request) => request.formData())
    const path = `/iot/rabbitmq/${SECRET}/user`
    assert.match(await form(path, { ...LOGIN, client_id: 'hub' }), /^allow/)
    const twice = `username=hub&username=hub&password=${HUB_PASSWORD}&client_id=hub`
    assert.equal(await (await post(path, FORM_TYPE, twice)).text(), 'deny')
  })

  test('from the raw request is denied, and the log says why', async () => {
    const { json, log } = mount(({ raw }) => raw.text())
    const answer = await json('/iot/emqx/auth', { ...LOGIN, clientid: 'hub' })
    assert.equal(answer, '{"result":"deny"}')
    assert.equal(log.lines.length, 1)
    assert.match(
      log.lines[0]!,
      /^error: broker emqx\/auth: .*read it by the methods of `context.req`/,
    )
  })
})

describe('an address', () => {
  const rows: readonly [path: string, found: boolean][] = [
    ['/iot/emqx/auth', true],
    ['/iot/emqx/auth/', true],
    ['/iot/emqx/auth//', true],
    ['/iot//emqx/auth', true],
    ['/iot/emqx//auth', true],
    ['/iot//emqx//auth//', true],
    ['/iot/auth', true],
    ['/iot//auth', true],
    ['/iot/auth/', true],
    ['/iot/emqx/aut', false],
    ['/iot/emqx/auth/auth', false],
    ['/iot/emqx', false],
    ['/iot/x/emqx/auth', false],
    ['/iot/x//emqx/auth', false],
  ]
  for (const [path, found] of rows) {
    test(`${path} is ${found ? 'answered' : 'nothing'}`, async () => {
      const { post } = mount()
      const { status } = await post(path, JSON_TYPE, JSON.stringify({ ...LOGIN, clientid: 'hub' }))
      assert.equal(status, found ? 200 : 404)
    })
  }

  for (const path of [
    `/${SECRET}/user`,
    `//${SECRET}/user`,
    `/${SECRET}//user`,
    `/${SECRET}/user/`,
  ]) {
    test(`/iot/rabbitmq${path.replace(SECRET, 'SECRET')} is answered, and needs the secret`, async () => {
      const { form } = mount()
      const fields = { ...LOGIN, client_id: 'hub' }
      assert.match(await form(`/iot/rabbitmq${path}`, fields), /^allow/)
      assert.equal(await form(`/iot/rabbitmq${path.replace(SECRET, 'x')}`, fields), 'deny')
    })
  }

  for (const path of ['emqx', '/emqx', 'emqx/', `vernemq/${SECRET}`, `vernemq//${SECRET}/node/`]) {
    test(`/events/${path.replace(SECRET, 'SECRET')} takes events`, async () => {
      const { post } = mount()
      const { status } = await post(`/events/${path}`, JSON_TYPE, '{}')
      assert.equal(status, 400)
    })
  }
})
