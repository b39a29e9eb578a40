/**
 * Tokens of a subject that are revoked: here, at processes that share keys, and at those that hear of it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AccessRule,
  ChangeError,
  type ExpiringKeys,
  type Fleet,
  type FleetChange,
  type IssuedToken,
  memoryKeys,
  type TokenOptions,
  watchFleet,
} from '../../src/index.ts'
import { testFeed } from '../support/feed.ts'
import { Collector } from '../support/wait.ts'
import { makeFleet, pump } from './fixture.ts'

const PEPPER = 'a pepper of more than 16 bytes'
const OLD_PEPPER = 'the pepper of the year before'
const SUBJECT = 'account 7'
const news: AccessRule = { effect: 'allow', actions: ['subscribe'], filter: 'news' }
const quiet = { info() {}, warn() {}, error() {} }

/** A process. It never reads again by itself what it knows. */
function processOf(keys?: ExpiringKeys, more: Parameters<typeof makeFleet>[0] = {}): Fleet {
  return makeFleet({ pepper: PEPPER, rulesLifetime: 3_600, ...(keys && { keys }), ...more })
}

function issue(on: Fleet, more: Partial<TokenOptions> = {}): IssuedToken {
  return on.issueToken({ rules: [news], subject: SUBJECT, ...more })
}

/** What comes of a login, and of a question about its user name. */
async function outcomeAt(on: Fleet, token: IssuedToken): Promise<string> {
  const login = await on.authenticate(token)
  const asked = { username: token.username, action: 'subscribe', topic: 'news' } as const
  const { code } = await on.authorize(asked)
  return `${login.effect === 'allow' ? 'allow' : login.code}, ${code}`
}

const GOOD = 'allow, allowed-by-rule'
const REVOKED = 'revoked, principal-unknown'

/** Runs with the wall clock so far ahead, in milliseconds. */
async function ahead<T>(milliseconds: number, run: () => T | Promise<T>): Promise<T> {
  const { now } = Date
  Date.now = () => now() + milliseconds
  try {
    return await run()
  } finally {
    Date.now = now
  }
}

describe('after the tokens of a subject are revoked', () => {
  test('those before are refused at login and by rules, and what is issued after is good', async () => {
    const fleet = processOf()
    const before = [issue(fleet), issue(fleet, { expiresIn: 86_400 })]
    for (const token of before) assert.equal(await outcomeAt(fleet, token), GOOD)
    await fleet.revokeTokens(SUBJECT)
    for (const token of before) {
      assert.equal(await outcomeAt(fleet, token), REVOKED)
      assert.equal(await fleet.isTokenRevoked(token), true)
    }
    assert.equal(await fleet.findPrincipal(before[0]!.username), undefined)
    const after = issue(fleet)
    assert.equal(after.username, before[0]!.username)
    assert.equal(await fleet.isTokenRevoked(after), false)
    assert.equal(await outcomeAt(fleet, after), GOOD)
    for (const token of before) {
      assert.equal((await fleet.authenticate(token)).effect, 'deny')
    }
    // The old one did not take the place of the new one.
    assert.equal((await fleet.findPrincipal(after.username))?.issuedAt, after.issuedAt)
  })

  test('again and again in one second, each time all before it are', async () => {
    const fleet = processOf()
    const tokens: IssuedToken[] = []
    for (let i = 0; i < 5; i++) {
      tokens.push(issue(fleet))
      assert.equal(await outcomeAt(fleet, tokens.at(-1)!), GOOD)
      await fleet.revokeTokens(SUBJECT)
      for (const token of tokens) assert.equal(await outcomeAt(fleet, token), REVOKED)
    }
  })

  test('nobody else is', async () => {
    const fleet = processOf()
    const device = await fleet.provision(pump, 'P-1')
    const [other, nobody] = [
      issue(fleet, { subject: 'account 8' }),
      fleet.issueToken({ rules: [news] }),
    ]
    await fleet.revokeTokens(SUBJECT)
    for (const token of [other, nobody]) assert.equal(await outcomeAt(fleet, token), GOOD)
    assert.equal((await fleet.authenticate(device)).effect, 'allow')
    assert.equal(await fleet.isTokenRevoked({ username: device.username }), false)
  })

  test('those that nobody issued here are: subjects are not kept', async () => {
    const [one, other] = [processOf(), processOf()]
    const token = issue(one)
    await other.revokeTokens(SUBJECT)
    assert.equal(await outcomeAt(other, token), REVOKED)
  })

  test('a login that is under way when it happens grants nothing after it', async () => {
    const keys = memoryKeys()
    let onSet: (() => Promise<unknown>) | undefined
    const set = async (key: string, value: string, lifetime: number) => {
      if (key.startsWith('token/')) await onSet?.()
      keys.set(key, value, lifetime)
    }
    const fleet = processOf({ ...keys, set })
    const token = issue(fleet)
    onSet = () => fleet.revokeTokens(SUBJECT)
    await fleet.authenticate(token)
    assert.equal(await fleet.findPrincipal(token.username), undefined)
  })

  test('those under an older pepper are as well', async () => {
    const keys = memoryKeys()
    const old = processOf(keys, { pepper: OLD_PEPPER })
    const both = processOf(keys, { pepper: [PEPPER, OLD_PEPPER] })
    const tokens = [issue(old), issue(both)]
    assert.notEqual(tokens[0]!.username, tokens[1]!.username)
    for (const token of tokens) assert.equal(await outcomeAt(both, token), GOOD)
    const told: FleetChange[] = []
    both.onChange('test', (change) => void told.push(change))
    await both.revokeTokens(SUBJECT)
    for (const token of tokens) assert.equal(await outcomeAt(both, token), REVOKED)
    assert.equal((await old.authenticate(tokens[0]!)).effect, 'deny')
    assert.deepEqual(
      told.map(({ username }) => username).sort(),
      tokens.map(({ username }) => username).sort(),
    )
  })
})

describe('a process that shares the keys', () => {
  test('refuses them at the next login, and what it knows after it forgot', async () => {
    const keys = memoryKeys()
    const [one, other] = [processOf(keys), processOf(keys)]
    const token = issue(one)
    assert.equal(await outcomeAt(other, token), GOOD)
    await one.revokeTokens(SUBJECT)
    assert.deepEqual(await other.authenticate(token), { effect: 'deny', code: 'revoked' })
    assert.equal(await other.findPrincipal(token.username), undefined)
    other.forget(token.username)
    assert.equal(await outcomeAt(other, token), REVOKED)
    // It knows of it now, so what it issues is good.
    assert.equal(await outcomeAt(other, issue(other)), GOOD)
  })

  test('refuses those that a clock ahead has dated, by up to 5 seconds', async () => {
    const keys = memoryKeys()
    const [one, other] = [processOf(keys), processOf(keys)]
    const [near, far] = [
      await ahead(4_000, () => issue(other)),
      await ahead(30_000, () => issue(other)),
    ]
    await one.revokeTokens(SUBJECT)
    assert.equal(await outcomeAt(other, near), REVOKED)
    assert.equal(await outcomeAt(other, far), GOOD)
  })

  test('revokes what another issued after a revocation in this very second', async () => {
    const keys = memoryKeys()
    const [one, other] = [processOf(keys), processOf(keys)]
    await one.revokeTokens(SUBJECT)
    const token = issue(one)
    await other.revokeTokens(SUBJECT)
    for (const fleet of [one, other]) assert.equal(await fleet.isTokenRevoked(token), true)
    assert.equal(await outcomeAt(one, token), REVOKED)
  })

  test('keeps it for a day, under the prefix of the fleet', async () => {
    const written: unknown[][] = []
    const set = (...given: unknown[]) => void written.push(given)
    const fleet = processOf({ ...memoryKeys(), set })
    await fleet.revokeTokens(SUBJECT)
    const { username } = issue(fleet)
    const [[key, value, lifetime]] = written as [unknown[]]
    assert.deepEqual([key, lifetime], [`token-revoked/things/${username}`, 86_400])
    assert.match(`${value}`, /^\d{10}$/)
  })

  test('takes nothing that it cannot read for a revocation', async () => {
    const keys = memoryKeys()
    const fleet = processOf(keys)
    const token = issue(fleet)
    for (const value of ['', 'x', '-1', '1e99', '9'.repeat(400), '{}']) {
      keys.set(`token-revoked/things/${token.username}`, value, 60)
      assert.equal(await outcomeAt(fleet, token), GOOD, value)
    }
  })

  test('that fail is told, revokes here all the same, and denies nobody for good', async () => {
    const fail = () => Promise.reject(new Error('out of order'))
    const keys = memoryKeys()
    const broken = { ...keys }
    const fleet = processOf(broken)
    const token = issue(fleet)
    assert.equal(await outcomeAt(fleet, token), GOOD)
    broken.set = fail as never
    const told = new Collector<FleetChange>()
    fleet.onChange('test', told.push)
    await assert.rejects(fleet.revokeTokens(SUBJECT), /out of order/)
    assert.deepEqual(await fleet.authenticate(token), { effect: 'deny', code: 'revoked' })
    assert.equal(await fleet.isTokenRevoked(token), true)
    assert.deepEqual(told.items, [])
    broken.set = keys.set
    await fleet.revokeTokens(SUBJECT)
    assert.equal(told.items.length, 1)
    broken.get = fail as never
    const later = issue(fleet)
    await assert.rejects(async () => fleet.authenticate(later), /out of order/)
  })
})

describe('a process that hears of it', () => {
  test('refuses them without keys in common, and acts on it', async () => {
    const feed = testFeed()
    const [one, other] = [processOf(undefined, { feed }), processOf(undefined, { feed })]
    await using _ = await watchFleet(other, { logger: quiet })
    const heard = new Collector<FleetChange>()
    other.onChange('here', heard.push, { holds: 'own' })
    const token = issue(one)
    assert.equal(await outcomeAt(other, token), GOOD)
    const { issuedUntil, done } = await one.revokeTokens(SUBJECT)
    assert.deepEqual(done, ['other processes'])
    const { username } = token
    const change = { kind: 'tokens-revoked', username, issuedUntil, elsewhere: true }
    assert.deepEqual(await heard.reach(1, 'changes'), [change])
    assert.equal(await outcomeAt(other, token), REVOKED)
    for (const at of [one, other]) assert.equal(await outcomeAt(other, issue(at)), GOOD)
    assert.ok(feed.sent.every((text) => !text.includes(token.password.slice(-43))))
  })

  test('is shut out by nobody for long who sends there', async () => {
    const feed = testFeed()
    const fleet = processOf(undefined, { feed })
    await using _ = await watchFleet(fleet, { logger: quiet })
    const heard = new Collector<FleetChange>()
    fleet.onChange('here', heard.push, { holds: 'own' })
    const { username } = issue(fleet)
    const far = ['id', 'tokens-revoked', '', '99999999999', username]
    await feed.publish(`somebody ${JSON.stringify([far])}`)
    await heard.reach(1, 'changes')
    const inTime = await ahead(62_000, () => issue(processOf()))
    assert.equal(await fleet.isTokenRevoked(inTime), false)
  })

  test('takes what is no time for something that it does not know', async () => {
    const feed = testFeed()
    const fleet = processOf(undefined, { feed })
    const warned = new Collector<string>()
    await using _ = await watchFleet(fleet, { logger: { ...quiet, warn: warned.push } })
    const token = issue(fleet)
    const odd = ['id', 'tokens-revoked', '', 'soon', token.username]
    await feed.publish(`somebody ${JSON.stringify([odd])}`)
    assert.match((await warned.reach(1, 'lines'))[0]!, /does not know/)
    assert.equal(await outcomeAt(fleet, token), GOOD)
  })
})

describe('who follows the fleet', () => {
  test('is told the user name, and no device', async () => {
    const fleet = processOf()
    const { username } = issue(fleet)
    const told: FleetChange[] = []
    fleet.onChange('test', (change) => void told.push(change))
    const { done, failed, ...change } = await fleet.revokeTokens(SUBJECT)
    assert.deepEqual([done, failed], [['test'], []])
    assert.deepEqual(told, [change])
    const { issuedUntil } = change
    assert.deepEqual(change, { kind: 'tokens-revoked', username, issuedUntil })
  })

  test('and fails is named, after all were told and the tokens are revoked', async () => {
    const fleet = processOf()
    const token = issue(fleet)
    const told = new Collector<FleetChange>()
    fleet.onChange('emqx', () => Promise.reject(new Error('is away')))
    fleet.onChange('other', told.push)
    const error = await fleet.revokeTokens(SUBJECT).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof ChangeError)
    assert.equal(error.code, 'ERR_CHANGE_INCOMPLETE')
    assert.deepEqual([error.kind, error.type, error.id], ['tokens-revoked', undefined, undefined])
    assert.match(
      error.message,
      /^The tokens of token:\S+ are revoked, but .*: emqx: Error: is away$/,
    )
    assert.ok(!error.message.includes(SUBJECT))
    assert.deepEqual(error.report.done, ['other'])
    assert.equal(told.items.length, 1)
    assert.equal(await outcomeAt(fleet, token), REVOKED)
  })
})

describe('no token is revoked', () => {
  for (const [title, fleet, subject, key] of [
    ['without a pepper', makeFleet(), SUBJECT, 'pepper'],
    ['of an empty subject', processOf(), '', 'subject'],
    ['of no subject', processOf(), undefined as never, 'subject'],
    ['of one that is too long', processOf(), 's'.repeat(1_025), 'subject'],
    ['of one with a lone surrogate', processOf(), '\ud83d', 'subject'],
  ] as const) {
    test(title, () => assert.rejects(fleet.revokeTokens(subject), { name: 'ConfigError', key }))
  }
})
