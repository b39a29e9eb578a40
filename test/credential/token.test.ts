/**
 * Tokens: what is issued, and that nothing else is ever taken for one. Signatures are made here a
 * second time, by Node's cryptography, so that the form is written down by somebody else as well.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { createHmac, hkdfSync } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  isTokenUsername,
  MAX_TOKEN_BYTES,
  type TokenHolder,
  tokenAuthority,
} from '../../src/credential/token.ts'
import type { AccessRule } from '../../src/rule/rule.ts'
import { altered } from '../support/altered.ts'

const PEPPER = 'a pepper of more than 16 bytes'
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** In the middle of a second. */
const NOW = 1_700_000_000_500
const rules: readonly AccessRule[] = [
  { effect: 'allow', actions: ['subscribe'], filter: '{prefix}/pump/{deviceId}/data' },
]
const attributes = { deviceId: 'P-1' }
const authority = tokenAuthority(PEPPER, 'things')
const token = authority.issue({ rules, attributes, expiresIn: 60 }, NOW)
const [header = '', body = '', signature = ''] = token.password.split('.')
const payload = JSON.parse(fromBase64Url(body))

function toBase64Url(data: string | Buffer): string {
  return Buffer.from(data).toString('base64url')
}

function fromBase64Url(text: string): string {
  return Buffer.from(text, 'base64url').toString()
}

/** Signs anything as the fleet would. */
function sign(head: string, content: string, { pepper = PEPPER, hash = 'sha256' } = {}): string {
  const key = hkdfSync('sha256', pepper, '', 'devicehub token 1\0things', 32)
  const mac = createHmac(hash, Buffer.from(key)).update(`${head}.${content}`).digest()
  return `${head}.${content}.${toBase64Url(mac)}`
}

function signJson(value: unknown): string {
  return sign(header, toBase64Url(typeof value === 'string' ? value : JSON.stringify(value)))
}

function verify(password: string, username: string = token.username, now: number = NOW) {
  return authority.verify(username, password, now)
}

describe('a token', () => {
  test('is a JSON Web Token under HS256, with a key made of the pepper by HKDF', () => {
    assert.equal(fromBase64Url(header), '{"alg":"HS256","typ":"JWT"}')
    assert.equal(token.password, sign(header, body))
    assert.deepEqual(payload, {
      sub: token.username,
      iat: 1_700_000_000,
      exp: 1_700_000_061,
      rules,
      attributes,
    })
  })

  test('has a user name of its own form that no other token has', () => {
    const names = Array.from({ length: 1_000 }, () => authority.issue({ rules, attributes }, NOW))
    assert.equal(new Set(names.map(({ username }) => username)).size, 1_000)
    for (const { username } of names) {
      assert.match(username, /^token:[A-Za-z0-9_-]{22}$/)
      assert.ok(isTokenUsername(username))
    }
  })

  test('lives for the time asked for, up to the end of that second', () => {
    assert.equal(token.expiresAt, 1_700_000_061_000)
    assert.equal(
      authority.issue({ rules, attributes }, 1_700_000_000_000).expiresAt,
      1_700_003_600_000,
    )
  })

  test('may have as many rules and as long a subject as said, and be from any time', () => {
    for (const [options, now] of [
      [{ rules: Array.from({ length: 64 }, () => rules[0]!), attributes }, NOW],
      [{ rules, attributes, subject: 's'.repeat(1_024) }, NOW],
      [{ rules, attributes }, 0],
    ] as const) {
      const { username, password } = authority.issue(options, now)
      const holder = authority.verify(username, password, now) as TokenHolder
      assert.deepEqual(holder.rules, options.rules)
    }
  })

  for (const [username, is] of [
    ['token:', true],
    ['token:x', true],
    ['token:x/y', false],
    ['pump/token:x', false],
    ['Token:x', false],
    ['tokens', false],
    ['', false],
  ] as const) {
    test(`${is ? 'may' : 'may not'} have the user name ${JSON.stringify(username)}`, () => {
      assert.equal(isTokenUsername(username), is)
    })
  }

  test('holds texts of any script', () => {
    const named = { rules, attributes: { deviceId: 'Pümpe 井戸 😀' } }
    const { username, password } = authority.issue(named, NOW)
    const holder = authority.verify(username, password, NOW) as TokenHolder
    assert.equal(holder.attributes.deviceId, 'Pümpe 井戸 😀')
  })

  for (const pepper of [PEPPER, new TextEncoder().encode(PEPPER)]) {
    test(`is good for whoever has the same pepper, as ${typeof pepper}`, () => {
      const other = tokenAuthority(pepper, 'things')
      assert.ok(typeof other.verify(token.username, token.password, NOW) === 'object')
    })
  }
})

describe('the holder of a token', () => {
  test('is told by the token alone', () => {
    assert.deepEqual(verify(token.password), {
      kind: 'token',
      username: token.username,
      rules,
      attributes: { deviceId: 'P-1', prefix: 'things', username: token.username },
      expiresAt: token.expiresAt,
      issuedAt: 1_700_000_000_000,
    })
  })

  test('may log in again and again, until the token expires', () => {
    for (const now of [NOW, NOW + 1, token.expiresAt - 1]) {
      assert.ok(typeof verify(token.password, token.username, now) === 'object')
    }
    for (const now of [token.expiresAt, token.expiresAt + 1, token.expiresAt + 1_000, Infinity]) {
      assert.equal(verify(token.password, token.username, now), 'token-expired')
    }
  })

  test('is not told of an expired token whose signature is wrong', () => {
    const forged = altered(token.password)
    assert.equal(verify(forged, token.username, token.expiresAt), 'password-wrong')
  })
})

describe('no holder is', () => {
  const other = authority.issue({ rules, attributes, expiresIn: 60 }, NOW)
  const headed = (value: unknown, hash?: string) =>
    sign(toBase64Url(JSON.stringify(value)), body, hash ? { hash } : {})
  const widened = JSON.stringify(payload).replace('{prefix}/pump/{deviceId}/data', '#')

  const rows: [title: string, password: string, username?: string][] = [
    ['without a token', ''],
    ['with the user name', token.username],
    ['with another user name', token.password, other.username],
    ['with a user name of another case', token.password, token.username.toUpperCase()],
    ['with a longer user name', token.password, `${token.username}A`],
    ['with a user name that is the form alone', token.password, 'token:'],
    ['with a user name that is no token’s', token.password, 'pump/P-1'],
    ['without a user name', token.password, ''],
    ['with the header altered', `${altered(header, 3)}.${body}.${signature}`],
    ['with the payload altered', `${header}.${altered(body, 3)}.${signature}`],
    ['with the rules altered', `${header}.${toBase64Url(widened)}.${signature}`],
    ['with the signature altered at its start', `${header}.${body}.${altered(signature, 0)}`],
    ['with the signature altered in its middle', `${header}.${body}.${altered(signature, 20)}`],
    ['with the signature altered at its end', altered(token.password, -1)],
    // The last character has two bits that decoders drop: three more texts of the same signature.
    ...[1, 2, 3].map((bits): [string, string] => [
      `with the dropped bits ${bits} at the end of the signature`,
      token.password.slice(0, -1) + BASE64URL[BASE64URL.indexOf(signature.at(-1)!) + bits],
    ]),
    ['with the signature of another token', `${header}.${body}.${other.password.slice(-43)}`],
    ['with the signature cut', token.password.slice(0, -1)],
    ['with a longer signature', `${token.password}A`],
    ['with an empty signature', `${header}.${body}.`],
    ['without a signature', `${header}.${body}`],
    ['with the payload cut', `${header}.${body.slice(0, -1)}.${signature}`],
    ['with an empty payload', sign(header, '')],
    ['without a header', sign('', body)],
    ['with a dot more', `${token.password}.`],
    ['with a dot before', `.${token.password}`],
    ['with two dots between', `${header}..${body}.${signature}`],
    ['with a fourth part', `${token.password}.${signature}`],
    ['with dots alone', '..'],
    ['with a space before', ` ${token.password}`],
    ['with a line behind', `${token.password}\n`],
    ['with NUL behind', `${token.password}\0`],
    ['with padding', `${token.password}=`],
    ['with a padded payload', sign(header, `${body}=`)],
    ['with a payload in plain base64', sign(header, '+/+/')],
    ['with a payload that is no base64', sign(header, '####')],
    [
      'with a payload that is no UTF-8',
      sign(header, toBase64Url(Buffer.from(fromBase64Url(body).replace('P-1', '\xff'), 'latin1'))),
    ],
    ['with a payload of an impossible length', sign(header, 'AAAAA')],
    ['with the scheme of HTTP before', `Bearer ${token.password}`],
    ['with 10 MB', 'A'.repeat(10_000_000)],
    ['with 10 MB in the form of a token', sign(header, 'A'.repeat(10_000_000))],
    ['with 10 MB of dots', '.'.repeat(10_000_000)],
    ['with lone surrogates', '\ud83d'.repeat(100)],
    ['under alg none', `${toBase64Url('{"alg":"none"}')}.${body}.`],
    ['under alg none, signed', headed({ alg: 'none', typ: 'JWT' })],
    ['under alg NONE', headed({ alg: 'NONE', typ: 'JWT' })],
    ['under HS384', headed({ alg: 'HS384', typ: 'JWT' }, 'sha384')],
    ['under HS512', headed({ alg: 'HS512', typ: 'JWT' }, 'sha512')],
    ['under RS256', headed({ alg: 'RS256', typ: 'JWT' })],
    ['under HS384 by name alone', headed({ alg: 'HS384', typ: 'JWT' })],
    ['with HS512 under the header of HS256', sign(header, body, { hash: 'sha512' })],
    ['with a header in another order', headed({ typ: 'JWT', alg: 'HS256' })],
    ['with a key id in the header', headed({ alg: 'HS256', typ: 'JWT', kid: '../../dev/null' })],
    ['with a key in the header', headed({ alg: 'HS256', typ: 'JWT', jwk: { kty: 'oct', k: '' } })],
    ['under another pepper', sign(header, body, { pepper: `${PEPPER}!` })],
    ['under an empty pepper', sign(header, body, { pepper: '' })],
    ['with a payload that is no JSON', signJson('{')],
    ['with a payload that is no UTF-8', sign(header, toBase64Url(Buffer.from([0xff, 0xfe])))],
    ...[null, [], [payload], 7, '"text"', 'true'].map((value): [string, string] => [
      `with the payload ${JSON.stringify(value).slice(0, 20)}`,
      signJson(value),
    ]),
    ...Object.entries<unknown[]>({
      sub: [undefined, null, 7, '', 'hub', 'pump/P-1', [token.username]],
      iat: [undefined, null, '1700000000', 1.5, -1, 1e300],
      exp: [undefined, null, '9999999999', 1_700_000_060.5, -1, 1e300, [1_700_000_061], {}],
      rules: [
        undefined,
        null,
        {},
        'hub',
        [],
        [null],
        [[]],
        ['#'],
        [{ ...rules[0], effect: 'ALLOW' }],
        [{ ...rules[0], actions: [] }],
        [{ ...rules[0], actions: 'subscribe' }],
        [{ ...rules[0], filter: 'a/#/b' }],
        [{ ...rules[0], filter: '' }],
        [{ ...rules[0], filter: '$share/team/a' }],
        [{ ...rules[0], qos: 1 }],
        [{ ...rules[0], maxQos: 3 }],
        [...rules, { effect: 'deny', actions: ['publish'] }],
        Array.from({ length: 65 }, () => rules[0]),
      ],
      attributes: [
        null,
        [],
        'P-1',
        { deviceId: '+' },
        { deviceId: '#' },
        { deviceId: 'P-1/x' },
        { deviceId: '' },
        { deviceId: 7 },
        { deviceId: '$SYS' },
        { username: 'hub' },
        { prefix: '+' },
        { clientId: '+' },
        { 'a b': 'x' },
      ],
      aud: ['somebody'],
      admin: [true],
    }).flatMap(([claim, wrong]) =>
      wrong.map((value): [string, string] => [
        `with ${claim} ${JSON.stringify(value)?.slice(0, 60)}`,
        signJson({ ...payload, [claim]: value }),
      ]),
    ),
    [
      'with a token longer than any that is issued',
      signJson({ ...payload, rules: [{ ...rules[0], filter: 'x'.repeat(MAX_TOKEN_BYTES) }] }),
    ],
    ['with all claims in __proto__', signJson(`{"__proto__":${JSON.stringify(payload)}}`)],
    [
      'with __proto__ among the attributes',
      signJson(JSON.stringify(payload).replace('"deviceId"', '"__proto__"')),
    ],
    [
      'with __proto__ in a rule',
      signJson(JSON.stringify(payload).replace('"effect"', '"__proto__":{},"effect"')),
    ],
  ]
  for (const [title, password, username] of rows) {
    test(title, () => assert.equal(verify(password, username), 'password-wrong'))
  }

  test('with a token of another prefix', () => {
    const elsewhere = tokenAuthority(PEPPER, 'other')
    assert.equal(elsewhere.verify(token.username, token.password, NOW), 'password-wrong')
    const theirs = elsewhere.issue({ rules, attributes }, NOW)
    assert.equal(verify(theirs.password, theirs.username), 'password-wrong')
  })

  test('with any other text, and not with one that is nearly a token', () => {
    const mutation = fc.tuple(fc.nat(token.password.length), fc.nat(8), fc.string({ maxLength: 8 }))
    const nearly = mutation.map(
      ([at, cut, put]) => token.password.slice(0, at) + put + token.password.slice(at + cut),
    )
    const bytes = fc.uint8Array({ maxLength: 400 }).map((data) => Buffer.from(data).toString())
    const signed = fc.json().map(signJson)
    const texts = fc.oneof(nearly, bytes, signed, fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(text !== token.password)
        assert.equal(verify(text), 'password-wrong')
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('no token is issued', () => {
  const rows: [title: string, options: Record<string, unknown>, key: string][] = [
    ['with a misspelt option', { expireIn: 60 }, 'expireIn'],
    ['without rules', { rules: undefined }, 'rules'],
    ['with no rule', { rules: [] }, 'rules'],
    ['with a rule in place of a list', { rules: rules[0] }, 'rules'],
    ['with 65 rules', { rules: Array.from({ length: 65 }, () => rules[0]) }, 'rules'],
    ['with a rule that is none', { rules: [null] }, 'rules.0'],
    ['with an unknown effect', { rules: [{ ...rules[0], effect: 'grant' }] }, 'rules.0.effect'],
    ['with a misspelt condition', { rules: [{ ...rules[0], qos: 1 }] }, 'rules.0.qos'],
    ['with a placeholder without a value', { attributes: {} }, 'rules.0.filter'],
    ['with a misspelt value', { attributes: { deviceid: 'P-1' } }, 'rules.0.filter'],
    ['with attributes that are none', { attributes: null }, 'attributes'],
    ['with a list of attributes', { attributes: ['P-1'] }, 'attributes'],
    [
      'with a prefix of its own',
      { attributes: { ...attributes, prefix: 'x' } },
      'attributes.prefix',
    ],
    [
      'with a user name of its own',
      { attributes: { ...attributes, username: 'x' } },
      'attributes.username',
    ],
    ['with a client id', { attributes: { ...attributes, clientId: 'x' } }, 'attributes.clientId'],
    ['with a value that has no word for a name', { attributes: { 'a b': 'x' } }, 'attributes.a b'],
    ...[0, -1, 0.5, 86_401, Number.NaN, Number.POSITIVE_INFINITY, '60', null].map(
      (expiresIn): [string, Record<string, unknown>, string] => [
        `for ${JSON.stringify(expiresIn)} seconds`,
        { expiresIn },
        'expiresIn',
      ],
    ),
  ]
  for (const [title, options, key] of rows) {
    test(title, () => {
      const given = { rules, attributes, ...options }
      assert.throws(() => authority.issue(given as never, NOW), { name: 'ConfigError', key })
    })
  }

  for (const deviceId of ['+', '#', 'P-1/x', '', '$SYS', 'a\0', undefined, 7]) {
    test(`with the value ${JSON.stringify(deviceId)}`, () => {
      const given = { rules, attributes: { deviceId } }
      assert.throws(() => authority.issue(given as never, NOW), {
        name: 'InvalidNameError',
        field: 'attribute deviceId',
      })
    })
  }

  test('with a filter that is malformed', () => {
    const wrong: AccessRule = { effect: 'allow', actions: ['subscribe'], filter: 'a/#/b' }
    assert.throws(() => authority.issue({ rules: [wrong] }, NOW), { name: 'InvalidTopicError' })
  })

  test('that would be longer than its bound, to the byte', () => {
    const sized = (length: number) => {
      const rule: AccessRule = { effect: 'allow', actions: ['publish'], filter: 'x'.repeat(length) }
      return authority.issue({ rules: [rule] }, NOW)
    }
    // Three bytes of payload are four of the token.
    const room = MAX_TOKEN_BYTES - sized(1).password.length
    let longest = 1 + Math.floor((room * 3) / 4) - 3
    while (fits(() => sized(longest + 1))) longest++
    const { username, password } = sized(longest)
    assert.equal(password.length, MAX_TOKEN_BYTES)
    assert.ok(typeof verify(password, username) === 'object')
    assert.throws(() => sized(longest + 1), {
      name: 'ConfigError',
      key: 'rules',
      message: /^rules: make a token of 819[3-9] bytes; it has at most 8192$/,
    })
  })
})

function fits(make: () => void): boolean {
  try {
    make()
    return true
  } catch {
    return false
  }
}

describe('a note of a token', () => {
  const { username, password, expiresAt } = token

  test('says who its holder is, until the token expires', () => {
    const holder = authority.verify(username, password, NOW)
    const note = authority.note(password)
    for (const fleet of [authority, tokenAuthority(PEPPER, 'things')]) {
      assert.deepEqual(fleet.readNote(username, note, NOW), holder)
      assert.deepEqual(fleet.readNote(username, note, expiresAt - 1), holder)
      assert.equal(fleet.readNote(username, note, expiresAt), undefined)
    }
  })

  test('is no password, nor is a password a note', () => {
    const note = authority.note(password)
    const [header] = password.split('.')
    for (const guess of [note, `${header}.${note}`, `.${note}`]) {
      assert.equal(authority.verify(username, guess, NOW), 'password-wrong')
    }
    for (const guess of [password, password.slice(password.indexOf('.') + 1)]) {
      assert.equal(authority.readNote(username, guess, NOW), undefined)
    }
  })

  const other = authority.issue({ rules, attributes }, NOW)
  const note = authority.note(password)
  const [body, proof] = note.split('.')
  const wider = Buffer.from(
    JSON.stringify({
      ...JSON.parse(Buffer.from(body!, 'base64url').toString()),
      rules: [{ effect: 'allow', actions: ['publish', 'subscribe'], filter: '#' }],
    }),
  ).toString('base64url')
  const rows: [title: string, username: string, note: unknown][] = [
    ['of somebody else', other.username, note],
    ['with rules that somebody wrote', username, `${wider}.${proof}`],
    ['with no proof', username, `${body}.`],
    ['of a body alone', username, body],
    [
      'with a proof of another',
      username,
      `${body}.${authority.note(other.password).split('.')[1]}`,
    ],
    ['with the proof of the token', username, `${body}.${password.split('.')[2]}`],
    ['with a part more', username, `${note}.`],
    [
      'of a fleet with another pepper',
      username,
      tokenAuthority(`${PEPPER}!`, 'things').note(password),
    ],
    ['of a fleet with another prefix', username, tokenAuthority(PEPPER, 'other').note(password)],
    ['that is empty', username, ''],
    ['that is too long', username, `${body}${'A'.repeat(10_000)}.${proof}`],
    ['that is no text', username, 7],
    ['under a made-up name', '__proto__', note],
  ]
  for (const [title, name, given] of rows) {
    test(`${title} is none`, () => {
      assert.equal(authority.readNote(name, given as string, NOW), undefined)
    })
  }
})

describe('a subject', () => {
  const issue = (subject: string, from = authority) =>
    from.issue({ rules, attributes, subject }, NOW).username

  test('has one user name, of the form of every token', () => {
    const name = issue('account 7')
    assert.match(name, /^token:[A-Za-z0-9_-]{22}$/)
    assert.equal(issue('account 7'), name)
    assert.equal(issue('account 7', tokenAuthority(PEPPER, 'things')), name)
    const { password } = authority.issue({ rules, attributes, subject: 'account 7' }, NOW + 5_000)
    assert.ok(typeof authority.verify(name, password, NOW + 5_000) === 'object')
    assert.ok(!password.includes('account'))
  })

  test('has another one than any other, and in any other fleet', () => {
    const names = [
      ...['account 7', 'account 70', 'Account 7', 'account 7 ', '7', 'é', 'e\u0301'].map((each) =>
        issue(each),
      ),
      issue('account 7', tokenAuthority(PEPPER, 'other')),
      issue('account 7', tokenAuthority(`${PEPPER}!`, 'things')),
      authority.issue({ rules, attributes }, NOW).username,
      authority.issue({ rules, attributes }, NOW).username,
    ]
    assert.equal(new Set(names).size, names.length)
  })

  test('that is the user name of a token is not that token', () => {
    const name = issue('account 7')
    for (const subject of [name, name.slice(6)]) assert.notEqual(issue(subject), name)
  })

  for (const subject of ['', 'x'.repeat(1_025), '\ud83d', 'a\udc00b', 7, null, {}, ['a']]) {
    test(`is refused as ${JSON.stringify(subject)?.slice(0, 40)}`, () => {
      assert.throws(() => issue(subject as string), { name: 'ConfigError', key: 'subject' })
    })
  }
})
