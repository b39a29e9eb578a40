/**
 * Sealed secrets: read by whoever has the key, and by nobody else, nor for anybody else.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  MIN_SEALING_KEY_BYTES,
  type PasswordOwner,
  passwordSealer,
} from '../../src/credential/sealed.ts'
import { altered } from '../support/altered.ts'

const KEY = 'a sealing key of at least 32 bytes'
const OWNER: PasswordOwner = { type: 'pump', id: 'P-1', credentialId: 'c-1' }
const SECRET = 'dhs_00ff'

describe('a sealed secret', () => {
  for (const secret of [SECRET, '', '水', 'x'.repeat(100_000)]) {
    test(`of ${secret.length} characters comes back`, async () => {
      const sealer = passwordSealer(KEY)
      assert.equal(await sealer.open(OWNER, await sealer.seal(OWNER, secret)), secret)
    })
  }

  test('is another text each time, which names its format and does not hold the secret', async () => {
    const sealer = passwordSealer(KEY)
    const [one, two] = [await sealer.seal(OWNER, SECRET), await sealer.seal(OWNER, SECRET)]
    assert.notEqual(one, two)
    for (const text of [one, two]) {
      assert.match(text, /^\$dh-aes256-gcm\$[A-Za-z0-9+/]+$/)
      // As bytes: how a secret is written in base64 depends on what stands beside it.
      const bytes = atob(text.slice('$dh-aes256-gcm$'.length))
      assert.ok(bytes.length > SECRET.length && !bytes.includes(SECRET))
    }
  })

  test('is opened by the same key in another process, given as text or as bytes', async () => {
    const sealed = await passwordSealer(KEY).seal(OWNER, SECRET)
    const bytes = passwordSealer(new TextEncoder().encode(KEY))
    assert.equal(await bytes.open(OWNER, sealed), SECRET)
  })

  test('needs its key imported once, and never exported', async () => {
    const { subtle } = crypto
    const original = subtle.importKey
    const exportable: unknown[] = []
    subtle.importKey = ((...args: Parameters<typeof original>) => {
      exportable.push(args[3])
      return original.apply(subtle, args)
    }) as typeof original
    try {
      const sealer = passwordSealer(KEY)
      const sealed = await Promise.all([sealer.seal(OWNER, SECRET), sealer.seal(OWNER, SECRET)])
      for (const text of sealed) assert.equal(await sealer.open(OWNER, text), SECRET)
    } finally {
      Reflect.deleteProperty(subtle, 'importKey')
    }
    assert.deepEqual(exportable, [false])
  })

  test('that was stored before is opened', async () => {
    const stored = '$dh-aes256-gcm$hfFmCvLsi+M9cf5iizUCm6+Q6G/+lzHryRdghAd2QPuueTkD'
    assert.equal(await passwordSealer(KEY).open(OWNER, stored), SECRET)
  })

  for (const [how, key, owner] of [
    ['under another key', `${KEY}.`, OWNER],
    ['for another device', KEY, { ...OWNER, id: 'P-2' }],
    ['for a device of another type', KEY, { ...OWNER, type: 'valve' }],
    ['for another credential of the device', KEY, { ...OWNER, credentialId: 'c-2' }],
    ['for an owner whose parts run together alike', KEY, { ...OWNER, type: 'pumpP', id: '-1' }],
  ] as const) {
    test(`is not opened ${how}`, async () => {
      const sealed = await passwordSealer(KEY).seal(OWNER, SECRET)
      assert.equal(await passwordSealer(key).open(owner, sealed), undefined)
    })
  }

  test('is not opened with any one character changed, left out or added', async () => {
    const sealer = passwordSealer(KEY)
    const sealed = await sealer.seal(OWNER, SECRET)
    for (let i = 0; i < sealed.length; i++) {
      for (const text of [altered(sealed, i), sealed.slice(0, i) + sealed.slice(i + 1)]) {
        assert.equal(await sealer.open(OWNER, text), undefined, `at ${i}`)
      }
    }
    assert.equal(await sealer.open(OWNER, `${sealed}A`), undefined)
  })

  for (const text of [
    '',
    '$dh-aes256-gcm$',
    '$dh-aes256-gcm$AAAA',
    '$dh-aes256-gcm$AAAAAAAAAAAAAAAA',
    '$dh-aes256-gcm$*',
    '$dh-sha256$00ff',
    null,
    7,
    {},
  ]) {
    test(`is none of ${JSON.stringify(text)}`, async () => {
      assert.equal(await passwordSealer(KEY).open(OWNER, text as string), undefined)
    })
  }
})

describe('a mark', () => {
  test('is the same for the same text and key, and another for any other', () => {
    const marks = [KEY, `${KEY}.`].flatMap((key) =>
      ['hub a', 'hub b', 'hu ba'].map((text) => passwordSealer(key).mark(text)),
    )
    assert.equal(new Set(marks).size, marks.length)
    assert.equal(passwordSealer(KEY).mark('hub a'), marks[0])
    assert.match(marks[0]!, /^[0-9a-f]{32}$/)
  })
})

describe('a key is refused', () => {
  for (const key of [
    '',
    'x'.repeat(MIN_SEALING_KEY_BYTES - 1),
    new Uint8Array(MIN_SEALING_KEY_BYTES - 1),
    null,
    32,
    Array(MIN_SEALING_KEY_BYTES).fill(1),
  ]) {
    test(`that is ${key?.constructor.name} of ${String(key).length} characters`, () => {
      assert.throws(() => passwordSealer(key as string), {
        name: 'ConfigError',
        key: 'sealingKey',
        message: 'sealingKey: must have at least 32 bytes',
      })
    })
  }

  test('and one of just as many bytes is taken, counted as UTF-8', async () => {
    for (const key of [
      'é'.repeat(MIN_SEALING_KEY_BYTES / 2),
      new Uint8Array(MIN_SEALING_KEY_BYTES),
    ]) {
      const sealer = passwordSealer(key)
      assert.equal(await sealer.open(OWNER, await sealer.seal(OWNER, SECRET)), SECRET)
    }
  })
})
