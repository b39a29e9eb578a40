/**
 * What is counted of each kind of question: what was granted as well as what was denied.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth, outcomeCounters } from '../../adapters/hono/index.ts'
import { emqx, rabbitmq } from '../../src/product/index.ts'
import { captureLog, fixture, request, SECRET } from './fixture.ts'

const { fleet, password } = await fixture()
const STATION = 'weatherstation/STATION-001'
const login = { username: STATION, clientid: STATION, password }
const access = { username: STATION, clientid: STATION, action: 'publish' }
const form = (fields: Record<string, string>) => `${new URLSearchParams(fields)}`
const vhost = { username: STATION, client_id: STATION, vhost: '/', ip: '10.0.0.1' }

describe('a question is counted', () => {
  const rows: readonly (readonly [
    path: string,
    body: object | string,
    outcome: readonly string[],
  ])[] = [
    ['/emqx/auth', login, ['emqx', 'auth', 'allow', 'login']],
    ['/emqx/auth', { ...login, password: 'wrong' }, ['emqx', 'auth', 'deny', 'password-wrong']],
    [
      '/emqx/acl',
      { ...access, topic: `things/${STATION}/data` },
      ['emqx', 'acl', 'allow', 'allowed-by-rule'],
    ],
    ['/emqx/acl', { ...access, topic: 'x' }, ['emqx', 'acl', 'deny', 'no-rule-grants']],
    ['/emqx/acl', 'no JSON', ['emqx', 'acl', 'deny', 'request-malformed']],
    ['/rabbitmq/vhost', form(vhost), ['rabbitmq', 'vhost', 'allow', 'broker-object']],
    [
      '/rabbitmq/vhost',
      form({ ...vhost, vhost: 'other' }),
      ['rabbitmq', 'vhost', 'deny', 'broker-object'],
    ],
  ]
  for (const [path, body, outcome] of rows) {
    test(`${path} ${outcome.slice(2).join(' ')}`, async () => {
      const counters = outcomeCounters()
      const { lines, ...logger } = captureLog()
      const options = { secret: SECRET, products: [emqx, rabbitmq], logger, counters }
      const app = new Hono().route('/iot/broker', brokerAuth(fleet, options))
      const [product, route, effect, code] = outcome
      const isForm = product === 'rabbitmq'
      const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json'
      const secretPath = isForm ? path.replace('/rabbitmq', `/rabbitmq/${SECRET}`) : path
      const headers = { 'content-type': type, authorization: `Bearer ${SECRET}` }
      for (let i = 0; i < 2; i++) await request(app, secretPath, body, { headers })
      assert.deepEqual(counters.list(), [{ product, route, effect, code, count: 2 }])
      assert.equal(lines.length, effect === 'deny' ? 2 : 0)
      for (const line of lines)
        assert.match(line, /^warn: broker (emqx|rabbitmq)\/[a-z]+: denied: /)
    })
  }
})
