/**
 * Which stored passwords are taken for one, and what is derived for them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { describe, test } from 'node:test'
import { checkPasswordHash, parseSlowHash } from '../../src/credential/format.ts'
import { generatePassword, passwordHasher } from '../../src/credential/generated.ts'
import { loopPbkdf2, nativePbkdf2 } from '../../src/credential/pbkdf2.ts'
import { passwordRehasher } from '../../src/credential/rehashed.ts'
import * as scrypt from '../../src/credential/scrypt.ts'
import { DJANGO, MORE, MOSQUITTO, PASSWORD, SCRYPT } from './fixture.ts'

const { loopScrypt, nativeScrypt } = scrypt
const encoder = new TextEncoder()
const bytes = (text: string) => Uint8Array.from(encoder.encode(text))
const hex = (array: Uint8Array | undefined) =>
  array && Array.from(array, (byte) => byte.toString(16).padStart(2, '0')).join('')

describe('the parts of a stored password are read', () => {
  test('of Django’s', () => {
    const { key, ...rest } = parseSlowHash(DJANGO)!
    assert.equal(key.length, 32)
    const salt = bytes('fArsrjgXoBgNJYloajvjwV')
    assert.deepEqual(rest, { kind: 'pbkdf2', digest: 'SHA-256', rounds: 260_000, salt })
  })

  test('of Mosquitto’s', () => {
    const { key, salt, ...rest } = parseSlowHash(MOSQUITTO)!
    assert.deepEqual([key.length, hex(salt)], [64, '0d5d5a939d24ed8bf617dd34'])
    assert.deepEqual(rest, { kind: 'pbkdf2', digest: 'SHA-512', rounds: 101 })
  })

  test('of a PHC string of scrypt', () => {
    const { key, ...rest } = parseSlowHash(SCRYPT)!
    assert.equal(key.length, 32)
    const salt = bytes('SodiumChloride!!')
    assert.deepEqual(rest, { kind: 'scrypt', ln: 10, r: 8, p: 1, salt })
  })
})

const KEY_32 = 'Y/6tI4hQp4WESeYT2c8BNw5tfTzy2oOQxI38ia0FfjQ='
const BARE_KEY_32 = KEY_32.slice(0, -1)
const [, , , SALT_7, KEY_64] = MOSQUITTO.split('$') as [string, string, string, string, string]
const SALT = 'U29kaXVtQ2hsb3JpZGUhIQ'

describe('is usable', () => {
  const rows: [title: string, stored: string][] = [
    ['Django’s', DJANGO],
    ['Mosquitto’s', MOSQUITTO],
    ['a PHC string of scrypt', SCRYPT],
    ...MORE.map(([title, stored]): [string, string] => [title, stored]),
    ['Django’s with most rounds', `pbkdf2_sha256$10000000$s$${KEY_32}`],
    ['Django’s with the longest salt', `pbkdf2_sha256$1$${'s'.repeat(128)}$${KEY_32}`],
    ['Mosquitto’s with most rounds', `$7$10000000$${SALT_7}$${KEY_64}`],
    ['scrypt with most memory', `$scrypt$ln=17,r=8,p=4$${SALT}$${BARE_KEY_32}`],
    ['scrypt with most lanes', `$scrypt$ln=1,r=1,p=999$${SALT}$${BARE_KEY_32}`],
    ['scrypt with the longest salt', `$scrypt$ln=1,r=1,p=1$${'A'.repeat(86)}$${BARE_KEY_32}`],
  ]
  for (const [title, stored] of rows) {
    test(title, () => {
      assert.ok(parseSlowHash(stored))
      assert.equal(checkPasswordHash('passwordHash', stored), stored)
    })
  }
})

describe('is not usable', () => {
  const secret = generatePassword()
  const rows: [title: string, stored: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a list with a right one', [DJANGO]],
    ['an empty text', ''],
    ['a password in the clear', PASSWORD],
    ['a generated secret', secret],
    ['Django’s mark for no password', '!TFz06UUzYmxcCIsy1tFtdzVDkhTFdZqb8m3VCqHi'],
    [
      'Django’s with SHA-1',
      'pbkdf2_sha1$260000$j0meJdLWzZMWMUecx9r1KU$DZ/BWjzygLQ67bTf44PNzXqbeiQ=',
    ],
    ['Django’s MD5', 'md5$salt$5f4dcc3b5aa765d61d8327deb882cf99'],
    [
      'Mosquitto’s of before 2.0',
      '$6$tE8gdDZKve+dbqYE$7rtPuEt6hM1IZV6jXojkU7OHFVdgD/GoIuZOo6CYagHD3O4/LldIAYFEhhNkkxyGCaT+uJIZNLdj59QOtISmyg==',
    ],
    ['bcrypt', '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'],
    ['Argon2', '$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$RdescudvJCsgt3ub+b4dWQ'],
    ['a beginning alone: Django', 'pbkdf2_sha256$'],
    ['a beginning alone: Mosquitto', '$7$'],
    ['a beginning alone: scrypt', '$scrypt$'],
    ['a user name before it', `pump:${MOSQUITTO}`],
    ['a space before it', ` ${DJANGO}`],
    ['a line break behind it', `${DJANGO}\n`],
    ['a line break behind Mosquitto’s', `${MOSQUITTO}\n`],
    ['a line break behind scrypt', `${SCRYPT}\n`],
    ['another field behind it', `${DJANGO}$`],
    ['capitals', DJANGO.toUpperCase()],
    ['no rounds', `pbkdf2_sha256$$s$${KEY_32}`],
    ['no rounds at all', `pbkdf2_sha256$s$${KEY_32}`],
    ['0 rounds', `pbkdf2_sha256$0$s$${KEY_32}`],
    ['-1 rounds', `pbkdf2_sha256$-1$s$${KEY_32}`],
    ['1.5 rounds', `pbkdf2_sha256$1.5$s$${KEY_32}`],
    ['1e3 rounds', `pbkdf2_sha256$1e3$s$${KEY_32}`],
    ['01 rounds', `pbkdf2_sha256$01$s$${KEY_32}`],
    ['Arabic digits', `pbkdf2_sha256$١$s$${KEY_32}`],
    ['one round too many', `pbkdf2_sha256$10000001$s$${KEY_32}`],
    ['10^12 rounds', `pbkdf2_sha256$1000000000000$s$${KEY_32}`],
    ['10^12 rounds of Mosquitto', `$7$1000000000000$${SALT_7}$${KEY_64}`],
    ['2^32 + 1 rounds of Mosquitto', `$7$4294967297$${SALT_7}$${KEY_64}`],
    ['no salt', `pbkdf2_sha256$1$$${KEY_32}`],
    ['a salt that is too long', `pbkdf2_sha256$1$${'s'.repeat(129)}$${KEY_32}`],
    ['no key', 'pbkdf2_sha256$1$salt$'],
    ['a truncated key', DJANGO.slice(0, -1)],
    ['a key without its padding', `pbkdf2_sha256$1$s$${BARE_KEY_32}`],
    ['a key of 33 bytes', `pbkdf2_sha256$1$s$${'A'.repeat(44)}`],
    ['a key of 31 bytes', `pbkdf2_sha256$1$s$${'A'.repeat(42)}==`],
    ['a key in base64url', `pbkdf2_sha256$1$s$${KEY_32.replace('/', '_')}`],
    ['a key with a space', `pbkdf2_sha256$1$s$ ${KEY_32.slice(1)}`],
    [
      'a key with "=" in the middle',
      `pbkdf2_sha256$1$s$${KEY_32.slice(0, 20)}=${KEY_32.slice(21)}`,
    ],
    ['a key with bits that no byte has', `pbkdf2_sha256$1$s$${KEY_32.slice(0, -2)}R=`],
    ['Mosquitto’s without a salt', `$7$101$$${KEY_64}`],
    ['Mosquitto’s with a salt of 7 bytes', `$7$101$MTIzNDU2Nw==$${KEY_64}`],
    ['Mosquitto’s with a salt of 65 bytes', `$7$101$${'A'.repeat(86)}A=$${KEY_64}`],
    ['Mosquitto’s with a salt that is no base64', `$7$101$DV1ak50k7Yv2F90!$${KEY_64}`],
    ['Mosquitto’s with a key of 32 bytes', `$7$101$${SALT_7}$${KEY_32}`],
    ['scrypt with N = 2^40', `$scrypt$ln=40,r=8,p=1$${SALT}$${BARE_KEY_32}`],
    ['scrypt with N = 2^999', `$scrypt$ln=999,r=1,p=1$${SALT}$${BARE_KEY_32}`],
    ['scrypt with twice the memory', `$scrypt$ln=18,r=8,p=1$${SALT}$${BARE_KEY_32}`],
    ['scrypt with a lane too many', `$scrypt$ln=17,r=8,p=5$${SALT}$${BARE_KEY_32}`],
    ['scrypt with large blocks', `$scrypt$ln=14,r=999,p=1$${SALT}$${BARE_KEY_32}`],
    ['scrypt with ln=0', `$scrypt$ln=0,r=8,p=1$${SALT}$${BARE_KEY_32}`],
    ['scrypt with r=0', `$scrypt$ln=4,r=0,p=1$${SALT}$${BARE_KEY_32}`],
    ['scrypt with p=0', `$scrypt$ln=4,r=8,p=0$${SALT}$${BARE_KEY_32}`],
    ['scrypt with n for ln', `$scrypt$n=16,r=8,p=1$${SALT}$${BARE_KEY_32}`],
    ['scrypt in another order', `$scrypt$r=8,ln=4,p=1$${SALT}$${BARE_KEY_32}`],
    ['scrypt without p', `$scrypt$ln=4,r=8$${SALT}$${BARE_KEY_32}`],
    ['scrypt with a space', `$scrypt$ln=4, r=8,p=1$${SALT}$${BARE_KEY_32}`],
    ['scrypt with a salt of 7 bytes', `$scrypt$ln=4,r=8,p=1$MTIzNDU2Nw$${BARE_KEY_32}`],
    ['scrypt with a salt of 65 bytes', `$scrypt$ln=4,r=8,p=1$${'A'.repeat(87)}$${BARE_KEY_32}`],
    ['scrypt with a key of 15 bytes', `$scrypt$ln=4,r=8,p=1$${SALT}$${'A'.repeat(20)}`],
    ['scrypt with a key of 65 bytes', `$scrypt$ln=4,r=8,p=1$${SALT}$${'A'.repeat(87)}`],
    ['scrypt with a padded key', `$scrypt$ln=4,r=8,p=1$${SALT}$${KEY_32}`],
    [
      'scrypt with bits that no byte has',
      `$scrypt$ln=4,r=8,p=1$${SALT.slice(0, -1)}R$${BARE_KEY_32}`,
    ],
    ['a megabyte of digits', `pbkdf2_sha256$${'1'.repeat(1_000_000)}`],
    ['a megabyte of salt', `$scrypt$ln=4,r=8,p=1$${'A'.repeat(1_000_000)}`],
  ]
  for (const [title, stored] of rows) {
    test(title, () => {
      if (typeof stored === 'string') assert.equal(parseSlowHash(stored), undefined)
      assert.throws(() => checkPasswordHash('services.0.passwordHash', stored), {
        name: 'ConfigError',
        key: 'services.0.passwordHash',
        message:
          'services.0.passwordHash: must be a hash that begins with $scrypt$, pbkdf2_sha256$ or $7$, well formed and within bounds',
      })
    })
  }
})

describe('what a fleet writes itself is refused, and the error says where it belongs', () => {
  const pepper = 'x'.repeat(16)
  const rows: [title: string, stored: string][] = [
    ['the hash of a generated secret', passwordHasher(undefined).hash(generatePassword())],
    ['the same under a pepper', passwordHasher(pepper).hash(generatePassword())],
    ['that of a chosen password, hashed anew', passwordRehasher(pepper).hash(PASSWORD)],
    ['half of it', '$dh-chosen-hmac-sha256$'],
  ]
  for (const [title, stored] of rows) {
    test(title, () => {
      assert.equal(parseSlowHash(stored), undefined)
      assert.throws(() => checkPasswordHash('passwordHash', stored), {
        name: 'ConfigError',
        key: 'passwordHash',
        message:
          'passwordHash: begins with $dh-: a fleet writes such a hash itself, and it counts on its record alone, under the same pepper; give the hash it was made of, or move the whole record',
      })
    })
  }
})

describe('PBKDF2 derives, by the runtime and on the event loop alike,', () => {
  const rows: [
    title: string,
    digest: 'SHA-256' | 'SHA-512',
    rounds: number,
    secret: string,
    salt: string,
    key: string,
  ][] = [
    [
      'the first vector of RFC 7914, section 11',
      'SHA-256',
      1,
      'passwd',
      'salt',
      '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
    ],
    [
      'the second',
      'SHA-256',
      80_000,
      'Password',
      'NaCl',
      '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d',
    ],
    [
      'the inputs of RFC 6070 under SHA-256',
      'SHA-256',
      4_096,
      'password',
      'salt',
      'c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a',
    ],
    [
      'what Python’s hashlib does under SHA-512',
      'SHA-512',
      1,
      'passDATAb00AB7YxDtt',
      'saltKEYbcTcXHCBxtD',
      '471957e1db98483abe46db71d69fbd1ca1792d45e49486ac64d7cc529b4b1243ae1ea3273ea0aa3d7faf26c2e8f8eb8337fd367e4193280d61902fbf515e8eaf',
    ],
  ]
  for (const [title, digest, rounds, secret, salt, key] of rows) {
    test(title, async () => {
      const empty = new Uint8Array(key.length / 2)
      const hash = { kind: 'pbkdf2', digest, rounds, salt: bytes(salt), key: empty } as const
      assert.equal(hex(await nativePbkdf2(bytes(secret), hash)), key)
      assert.equal(hex(await loopPbkdf2(bytes(secret), hash)), key)
    })
  }

  test('or the runtime refuses, and that is no error', async () => {
    const hash = { ...parseSlowHash(MOSQUITTO)!, digest: 'MD5' } as unknown
    const refused = hash as Parameters<typeof nativePbkdf2>[1]
    assert.equal(await nativePbkdf2(bytes(PASSWORD), refused), undefined)
  })
})

/** The module as it is where the runtime has another cryptography of Node, or none as a browser. */
async function scryptWith(crypto: 'none' | 'failing'): Promise<typeof scrypt> {
  const fail = (...[done]: ((error: Error) => void)[]) => queueMicrotask(() => done!(new Error()))
  const builtin = () => ({ scrypt: (...given: never[]) => fail(...given.slice(-1)) })
  const value = crypto === 'none' ? undefined : builtin
  const own = Object.getOwnPropertyDescriptor(process, 'getBuiltinModule')
  Object.defineProperty(process, 'getBuiltinModule', { value, configurable: true })
  try {
    // Another module to the runtime, which is run again.
    const again: string = `../../src/credential/scrypt.ts?${crypto}`
    return await import(again)
  } finally {
    if (own) Object.defineProperty(process, 'getBuiltinModule', own)
    else Reflect.deleteProperty(process, 'getBuiltinModule')
  }
}

describe('scrypt derives the vectors of RFC 7914, section 12, and what is stored:', () => {
  const rows: [secret: string, salt: string, ln: number, r: number, p: number, key: string][] = [
    [
      '',
      '',
      4,
      1,
      1,
      '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
    ],
    [
      'password',
      'NaCl',
      10,
      8,
      16,
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    ],
    [
      'pleaseletmein',
      'SodiumChloride',
      14,
      8,
      1,
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    ],
  ]
  for (const [secret, salt, ln, r, p, key] of rows) {
    test(`"${secret}", "${salt}", N = ${2 ** ln}, r = ${r}, p = ${p}`, async () => {
      const hash = { kind: 'scrypt', ln, r, p, salt: bytes(salt), key: new Uint8Array(64) } as const
      assert.equal(hex(await loopScrypt(bytes(secret), hash)), key)
      assert.equal(hex(await nativeScrypt(bytes(secret), hash)), key)
    })
  }

  for (const [title, make, hasNative] of [
    ['by the runtime where it has it', async () => scrypt, true],
    ['on the event loop where it has not', () => scryptWith('none'), false],
    ['on the event loop where that fails', () => scryptWith('failing'), true],
  ] as const) {
    test(title, async () => {
      const hash = parseSlowHash(SCRYPT) as Parameters<typeof scrypt.deriveScrypt>[1]
      const { deriveScrypt, HAS_NATIVE_SCRYPT } = await make()
      assert.equal(HAS_NATIVE_SCRYPT, hasNative)
      assert.equal(hex(await deriveScrypt(bytes(PASSWORD), hash)), hex(hash.key))
    })
  }

  test('or the runtime refuses, and that is no error', async () => {
    const hash = { ...parseSlowHash(SCRYPT)!, ln: 40 } as Parameters<typeof nativeScrypt>[1]
    assert.equal(await nativeScrypt(bytes(PASSWORD), hash), undefined)
  })
})
