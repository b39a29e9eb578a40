/**
 * Tokens: logins that end by themselves and carry their own access rules.
 *
 * The password is a JSON Web Token (RFC 7519) in the compact form of RFC 7515, signed by HS256
 * (RFC 7518, section 3.2). Nothing is stored: what a token grants is read from the token itself.
 *
 * @module
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base64urlnopad } from '@scure/base'
import * as v from 'valibot'
import { equalConstantTime } from '../base/constant-time.ts'
import { ConfigError, InvalidNameError } from '../base/errors.ts'
import type { Principal } from '../rule/principal.ts'
import { type AccessRule, type Attributes, checkRules, expandFilter } from '../rule/rule.ts'
import { checkName } from '../topic/name.ts'
import { TOKEN_USERNAME_PREFIX } from './token-expiry.ts'

/** Most rules in a token. */
export const MAX_TOKEN_RULES = 64

/** Longest token, in bytes. MQTT carries 65,535 in a password; this bounds the work on a bad one. */
export const MAX_TOKEN_BYTES = 8_192

/** Longest life of a token, in seconds: a day. */
export const MAX_TOKEN_LIFETIME = 86_400

/** How many holders of tokens a fleet knows by user name alone. */
export const MAX_TOKEN_HOLDERS = 10_000

const DEFAULT_LIFETIME = 3_600
const RESERVED_VALUES: readonly string[] = ['prefix', 'username', 'clientId']

/** What {@link Fleet.issueToken} takes. */
export interface TokenOptions {
  /** All that the holder may do: 1 to {@link MAX_TOKEN_RULES} rules. */
  readonly rules: readonly AccessRule[]
  /**
   * Values for `{name}` placeholders in the rules, such as `{ deviceId: 'P-1' }`. Each is one topic
   * level and never a wildcard, so text from outside belongs here and not in a filter. `{prefix}`,
   * `{username}` and `{clientId}` have values of their own. Default: none.
   */
  readonly attributes?: Attributes
  /** Seconds until it expires: a whole number, 1 to 86,400 (a day). Default: 3,600 (an hour). */
  readonly expiresIn?: number
}

/** A login that ends by itself. Whoever has it may use it until then. */
export interface IssuedToken {
  /** `token:` and 22 characters. No other login has it. It is no secret. */
  readonly username: string
  /** The token: ASCII without spaces, at most {@link MAX_TOKEN_BYTES}. */
  readonly password: string
  /** When it expires, in milliseconds since the epoch: a whole second. */
  readonly expiresAt: number
}

/** Issues tokens, and knows who holds one. */
export interface TokenAuthority {
  /**
   * Makes a token.
   *
   * @param now Milliseconds since the epoch.
   * @throws As `Fleet.issueToken` does.
   */
  issue(options: TokenOptions, now: number): IssuedToken
  /** Who logs in with a token, or why it fails. Remembers who does. Never throws. */
  verify(
    username: string,
    password: string,
    now: number,
  ): TokenHolder | 'password-wrong' | 'token-expired'
  /** Who was seen logging in under a user name, with a token that has not expired. */
  find(username: string, now: number): TokenHolder | undefined
}

/** The holder of a token. */
export type TokenHolder = Principal & { readonly kind: 'token'; readonly expiresAt: number }

/** Whether a user name is one that only tokens have. */
export function isTokenUsername(username: string): boolean {
  return username.startsWith(TOKEN_USERNAME_PREFIX) && !username.includes('/')
}

/** Keeps a user name out of the form of tokens. @throws {InvalidNameError} If it is of that form. */
export function checkNoTokenUsername(field: string, username: string): void {
  if (isTokenUsername(username)) {
    throw new InvalidNameError(field, `begins with "${TOKEN_USERNAME_PREFIX}", which marks tokens`)
  }
}

// The only header there is. It is compared as text, so no token chooses its algorithm.
const HEADER = base64urlnopad.encode(utf8ToBytes('{"alg":"HS256","typ":"JWT"}'))
const SIGNATURE_LENGTH = 43
const TOKEN_FORM = new RegExp(
  `^${HEADER}\\.([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]{${SIGNATURE_LENGTH}})$`,
)

const seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const payloadSchema = v.strictObject({
  sub: v.pipe(v.string(), v.regex(/^token:[A-Za-z0-9_-]{22}$/)),
  iat: seconds,
  exp: seconds,
  rules: v.custom<readonly AccessRule[]>((rules) => passes(() => checkTokenRules(rules))),
  attributes: v.optional(
    v.custom<Attributes>((attributes) => passes(() => checkTokenAttributes(attributes))),
    {},
  ),
})

/**
 * Makes an authority. Its tokens are worth nothing to one with another pepper or prefix.
 *
 * @param pepper A key of at least 16 bytes.
 */
export function tokenAuthority(pepper: string | Uint8Array, prefix: string): TokenAuthority {
  // A key of its own: a signature never equals a stored hash of anything.
  const info = utf8ToBytes(`devicehub token 1\0${prefix}`)
  const key = hkdf(sha256, toBytes(pepper), undefined, info, 32)
  const holders = new Map<string, TokenHolder>()

  function sign(content: string): string {
    return base64urlnopad.encode(hmac(sha256, key, utf8ToBytes(content)))
  }

  function remember(holder: TokenHolder, now: number): void {
    // The latest login stands last, so that those in use stay.
    holders.delete(holder.username)
    for (const [username, { expiresAt }] of holders) {
      if (expiresAt > now && holders.size < MAX_TOKEN_HOLDERS) break
      holders.delete(username)
    }
    holders.set(holder.username, holder)
  }

  return {
    issue({ rules, attributes = {}, expiresIn = DEFAULT_LIFETIME }, now) {
      checkTokenRules(rules)
      checkTokenAttributes(attributes)
      if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_TOKEN_LIFETIME) {
        throw new ConfigError('expiresIn', `must be 1 to ${MAX_TOKEN_LIFETIME} whole seconds`)
      }
      const sub =
        TOKEN_USERNAME_PREFIX + base64urlnopad.encode(crypto.getRandomValues(new Uint8Array(16)))
      const known = { ...attributes, prefix, username: sub, clientId: '' }
      rules.forEach(({ filter }, i) => {
        // Nothing would give it a value later, so it is a slip of the pen.
        if (expandFilter(filter, known)) return
        throw new ConfigError(
          `rules.${i}.filter`,
          'holds a placeholder that "attributes" does not name',
        )
      })
      const iat = Math.floor(now / 1000)
      const exp = Math.ceil(now / 1000) + expiresIn
      const payload = utf8ToBytes(JSON.stringify({ sub, iat, exp, rules, attributes }))
      const size = HEADER.length + Math.ceil((payload.length * 4) / 3) + SIGNATURE_LENGTH + 2
      if (size > MAX_TOKEN_BYTES) {
        throw new ConfigError(
          'rules',
          `make a token of ${size} bytes; it has at most ${MAX_TOKEN_BYTES}`,
        )
      }
      const content = `${HEADER}.${base64urlnopad.encode(payload)}`
      return { username: sub, password: `${content}.${sign(content)}`, expiresAt: exp * 1000 }
    },

    verify(username, password, now) {
      if (password.length > MAX_TOKEN_BYTES) return 'password-wrong'
      const [, body, signature] = TOKEN_FORM.exec(password) ?? []
      // Nothing is decoded before the signature is known to be ours.
      if (!body || !signature || !equalConstantTime(sign(`${HEADER}.${body}`), signature)) {
        return 'password-wrong'
      }
      const payload = readPayload(body)
      if (payload?.sub !== username) return 'password-wrong'
      const { rules, exp } = payload
      const expiresAt = exp * 1000
      if (now >= expiresAt) return 'token-expired'
      const attributes = { ...payload.attributes, prefix, username }
      const holder: TokenHolder = { kind: 'token', username, rules, attributes, expiresAt }
      remember(holder, now)
      return holder
    },

    find(username, now) {
      const holder = holders.get(username)
      return holder && holder.expiresAt > now ? holder : undefined
    },
  }
}

function readPayload(body: string): v.InferOutput<typeof payloadSchema> | undefined {
  try {
    const result = v.safeParse(
      payloadSchema,
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(base64urlnopad.decode(body))),
    )
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}

function checkTokenRules(rules: unknown): void {
  if (!Array.isArray(rules) || rules.length < 1 || rules.length > MAX_TOKEN_RULES) {
    throw new ConfigError('rules', `must be a list of 1 to ${MAX_TOKEN_RULES} rules`)
  }
  checkRules(rules, 'rules')
}

function checkTokenAttributes(attributes: unknown): void {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) {
    throw new ConfigError('attributes', 'must be an object of texts')
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name) || RESERVED_VALUES.includes(name)) {
      throw new ConfigError(`attributes.${name}`, 'must be a word of its own, such as "deviceId"')
    }
    checkName(`value ${name}`, value)
  }
}

function passes(check: () => void): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}

function toBytes(key: string | Uint8Array): Uint8Array {
  return typeof key === 'string' ? utf8ToBytes(key) : key
}
