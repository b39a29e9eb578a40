/**
 * The holder of a token at every product: who asks, what for, and until when, in each of its dialects.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth } from '../../../adapters/hono/index.ts'
import { type AccessRule, createFleet, memoryStore } from '../../../src/index.ts'
import { captureLog, pump } from '../../hono/fixture.ts'
import { SECRET } from '../../hono/site.ts'
import { altered } from '../../support/altered.ts'
import { ASKING } from '../../support/products.ts'
import type { Access, Asked, Dialect, Login } from './dialect.ts'
import { EXCHANGES } from './index.ts'

const rules: AccessRule[] = [
  { effect: 'allow', actions: ['subscribe'], filter: 'news/#' },
  { effect: 'deny', actions: ['subscribe'], filter: 'news/secret/#' },
  { effect: 'allow', actions: ['publish'], filter: 'votes/{site}' },
]

const pepper = 'a pepper of more than 16 bytes'
const fleet = createFleet({ types: [pump], store: memoryStore(), pepper })
const device = await fleet.provision(pump, 'P-1')
const options = { secret: SECRET, products: ASKING, logger: captureLog() }

type Question = readonly [title: string, isGranted: boolean, asked: Asked]

/** Every question about one token, of which nobody has heard. */
function questions(dialect: Dialect) {
  // A process of its own: it has seen no login.
  const app = new Hono().route('/', brokerAuth(fleet, options))
  const issue = () => fleet.issueToken({ rules, attributes: { site: 'north' }, expiresIn: 60 })
  const { username, password, expiresAt } = issue()
  const other = issue()
  const right: Login = { username, password, clientId: username }
  const login = (more: Partial<Login>) => dialect.login({ ...right, ...more })
  const common = { username, clientId: username, qos: 1, retain: false } as const
  const to = (action: Access['action'], topic: string, more: Partial<Access> = {}) =>
    dialect.access({ ...common, action, topic, ...more })

  const isForeignDenied = dialect.foreignClientId === undefined
  const logins: readonly Question[] = [
    ['the token', true, login({})],
    ['a suffix of its own', true, login({ clientId: `${username}//tab-2` })],
    ['an altered one', false, login({ password: altered(password) })],
    ['a cut one', false, login({ password: password.slice(0, -1) })],
    ['none', false, login({ password: undefined })],
    ['its name for a password', false, login({ password: username })],
    ['another one under its name', false, login({ password: other.password })],
    ['it under another name', false, login({ username: other.username })],
    ['it under the name of a device', false, login({ username: device.username })],
    ['the password of a device', false, login({ password: device.password })],
    ['under the client id of a device', !isForeignDenied, login({ clientId: device.username })],
    ['under that of another token', !isForeignDenied, login({ clientId: other.username })],
  ]
  const accesses: readonly Question[] = [
    ['subscribe to what it grants', true, to('subscribe', 'news/sport/+')],
    ['publish what it grants', true, to('publish', 'votes/north')],
    ['subscribe over its deny', false, to('subscribe', 'news/#')],
    ['subscribe within its deny', false, to('subscribe', 'news/secret/a')],
    ['subscribe to everything', false, to('subscribe', '#')],
    ['subscribe where it may publish', false, to('subscribe', 'votes/north')],
    ['publish for another site', false, to('publish', 'votes/south')],
    ['publish where it may subscribe', false, to('publish', 'news/sport/a')],
    ['publish for a device', false, to('publish', 'things/pump/P-1/data')],
    [
      'publish as a token that nobody has seen',
      false,
      to('publish', 'votes/north', { username: other.username }),
    ],
  ]
  const superusers: readonly Question[] = dialect.superuser
    ? [['everything', false, dialect.superuser(right)]]
    : []

  async function isGranted({ path, headers, body }: Asked): Promise<boolean> {
    const response = await app.request(path, { method: 'POST', headers, body })
    const answer = { status: response.status, body: await response.text() }
    const { status, body: no } = dialect.deny
    if (answer.status === status && answer.body === no) return false
    assert.equal(
      answer.status,
      dialect.allowAccess({ ...common, action: 'publish', topic: '' }).status,
    )
    return true
  }

  async function check(table: readonly Question[]): Promise<void> {
    for (const [title, expected, asked] of table) {
      assert.equal(await isGranted(asked), expected, title)
    }
  }

  return { logins, accesses, superusers, check, expiresAt }
}

/** The same, and nothing of it granted. */
function denied(table: readonly Question[]): readonly Question[] {
  return table.map(([title, , asked]) => [title, false, asked])
}

for (const [name, { dialects }] of Object.entries(EXCHANGES)) {
  for (const dialect of dialects) {
    describe(dialect.variant === undefined ? name : `${name}, ${dialect.variant}`, () => {
      test('a token is asked about from its login to its end', async () => {
        const { logins, accesses, superusers, check, expiresAt } = questions(dialect)
        await check(denied(accesses))
        await check(logins)
        await check([...accesses, ...superusers])
        const { now } = Date
        Date.now = () => expiresAt
        try {
          await check(denied([...logins, ...accesses, ...superusers]))
        } finally {
          Date.now = now
        }
      })
    })
  }
}
