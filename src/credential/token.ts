/**
 * Tokens: logins that end by themselves and carry their own access rules.
 *
 * The password is a JSON Web Token (RFC 7519) in the compact form of RFC 7515, signed by HS256
 * (RFC 7518, section 3.2). What a token grants is read from the token itself, and for a while from a
 * note of it, where a broker asks about its holder by user name alone.
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
import { checkOptions } from '../base/options.ts'
import { isSurrogate } from '../base/text.ts'
import { checkAttributes } from '../rule/attributes.ts'
import type { Principal } from '../rule/principal.ts'
import { type AccessRule, type Attributes, checkRules, expandFilter } from '../rule/rule.ts'
import { type PepperOption, readPeppers } from './pepper.ts'
import { TOKEN_USERNAME_PREFIX } from './token-expiry.ts'

/** Most rules in a token. */
export const MAX_TOKEN_RULES = 64

/** Longest token, in bytes. MQTT carries 65,535 in a password; this bounds the work on a bad one. */
export const MAX_TOKEN_BYTES = 8_192

/** Longest life of a token, in seconds: a day. */
export const MAX_TOKEN_LIFETIME = 86_400

/** Longest subject of a token, in UTF-16 code units. */
export const MAX_TOKEN_SUBJECT = 1_024

const DEFAULT_LIFETIME = 3_600
const OPTIONS: Readonly<Record<keyof TokenOptions, true>> = {
  rules: true,
  attributes: true,
  expiresIn: true,
  subject: true,
}
/** Random bytes in a user name, or those of a subject's HMAC: 22 characters. */
const USERNAME_BYTES = 16
const RESERVED_ATTRIBUTES: readonly string[] = ['prefix', 'username', 'clientId']

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
  /**
   * Whose token it is, such as the id of an account or of its session: a text of 1 to 1,024
   * characters that only the application knows the meaning of. Tokens of one subject have one user
   * name, so that who renews a token keeps its client id and its session; and whoever has a token of
   * the subject can take that session. The user name tells nothing of the subject, and cannot be
   * guessed from it without the pepper. Where a broker asks about a user name, the rules of the token
   * that logged in last count for all of its connections. Default: a user name that no other token has.
   */
  readonly subject?: string
}

/** A login that ends by itself. Whoever has it may use it until then. */
export interface IssuedToken {
  /** `token:` and 22 characters. Only tokens of the same subject have it. It is no secret. */
  readonly username: string
  /** The token: ASCII without spaces, at most {@link MAX_TOKEN_BYTES}. */
  readonly password: string
  /** When it expires, in milliseconds since the epoch: a whole second. */
  readonly expiresAt: number
  /**
   * When it was issued, in milliseconds since the epoch: a whole second. Where the tokens of its subject
   * were revoked a moment ago it is some seconds ahead: see `Fleet.revokeTokens`.
   */
  readonly issuedAt: number
}

/** Issues tokens, and knows who holds one. */
export interface TokenAuthority {
  /**
   * Makes a token.
   *
   * @param now Milliseconds since the epoch.
   * @param revokedUntil Up to when tokens of a user name are revoked, in seconds since the epoch: this one
   * is issued after it. Default: none is.
   * @throws As `Fleet.issueToken` does.
   */
  issue(
    options: TokenOptions,
    now: number,
    revokedUntil?: (username: string) => number | undefined,
  ): IssuedToken
  /**
   * The user names of a subject, under each of the peppers.
   * @throws {ConfigError} If it is no text, or too long.
   */
  usernamesOf(subject: string): readonly string[]
  /** Who logs in with a token, or why it fails. Never throws. */
  verify(
    username: string,
    password: string,
    now: number,
  ): TokenHolder | 'password-wrong' | 'token-expired'
  /**
   * What others are to be told of a token that was verified: what it grants, under a proof of another
   * key. It is no password, and no token can be made of it.
   */
  note(password: string): string
  /** Who a note is about, if it is one of a token of this user name that has not expired. */
  readNote(username: string, note: string, now: number): TokenHolder | undefined
}

/** The holder of a token. */
export type TokenHolder = Principal & {
  readonly kind: 'token'
  readonly expiresAt: number
  readonly issuedAt: number
}

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
const HEADER: string = /* @__PURE__ */ base64urlnopad.encode(
  /* @__PURE__ */ utf8ToBytes('{"alg":"HS256","typ":"JWT"}'),
)
const SIGNATURE_LENGTH = 43
const TOKEN_FORM = /* @__PURE__ */ tokenForm()

const payloadSchema = /* @__PURE__ */ payloadForm()

/**
 * Makes an authority. Its tokens are worth nothing to one without their pepper, or with another prefix.
 *
 * @param pepper Keys of at least 16 bytes each: the first one signs, and what is signed under another
 * counts as well.
 * @throws {ConfigError} If one is shorter.
 */
export function tokenAuthority(pepper: PepperOption, prefix: string): TokenAuthority {
  const authorities = readPeppers(pepper).map(({ key }) => authorityOf(key, prefix))
  const [first] = authorities as [TokenAuthority]
  if (authorities.length === 1) return first
  return {
    issue: first.issue,
    note: first.note,
    usernamesOf: (subject) => authorities.flatMap(({ usernamesOf }) => usernamesOf(subject)),
    verify(username, password, now) {
      for (const { verify } of authorities) {
        const holder = verify(username, password, now)
        if (holder !== 'password-wrong') return holder
      }
      return 'password-wrong'
    },
    readNote(username, note, now) {
      for (const { readNote } of authorities) {
        const holder = readNote(username, note, now)
        if (holder) return holder
      }
      return undefined
    },
  }
}

/** The authority of one pepper. */
function authorityOf(pepper: Uint8Array, prefix: string): TokenAuthority {
  // Keys of their own: what is made with one is never good for another, nor a stored hash of anything.
  const keyFor = (purpose: string) => {
    const info = utf8ToBytes(`devicehub ${purpose} 1\0${prefix}`)
    return hkdf(sha256, pepper, undefined, info, 32)
  }
  const keys = {
    token: keyFor('token'),
    note: keyFor('token note'),
    subject: keyFor('token subject'),
  }

  function mac(key: Uint8Array, content: string): Uint8Array {
    return hmac(sha256, key, utf8ToBytes(content))
  }

  function sign(key: Uint8Array, content: string): string {
    return base64urlnopad.encode(mac(key, content))
  }

  function newUsername(subject: string | undefined): string {
    const id =
      subject === undefined
        ? crypto.getRandomValues(new Uint8Array(USERNAME_BYTES))
        : mac(keys.subject, subject).slice(0, USERNAME_BYTES)
    return TOKEN_USERNAME_PREFIX + base64urlnopad.encode(id)
  }

  /** Who a body whose proof was checked is about. */
  function readHolder(username: string, body: string): TokenHolder | undefined {
    const payload = readPayload(body)
    if (payload?.sub !== username) return undefined
    const attributes = { ...payload.attributes, prefix, username }
    return {
      kind: 'token',
      username,
      rules: payload.rules,
      attributes,
      expiresAt: payload.exp * 1000,
      issuedAt: payload.iat * 1000,
    }
  }

  return {
    issue(options, now, revokedUntil = () => undefined) {
      checkOptions(options, OPTIONS)
      const { rules, attributes = {}, expiresIn = DEFAULT_LIFETIME, subject } = options
      checkTokenRules(rules)
      checkAttributes(attributes, RESERVED_ATTRIBUTES)
      if (!Number.isInteger(expiresIn) || expiresIn < 1 || expiresIn > MAX_TOKEN_LIFETIME) {
        throw new ConfigError('expiresIn', `must be 1 to ${MAX_TOKEN_LIFETIME} whole seconds`)
      }
      if (subject !== undefined) checkSubject(subject)
      const sub = newUsername(subject)
      const known = { ...attributes, prefix, username: sub, clientId: '' }
      rules.forEach(({ filter }, i) => {
        // Nothing would give it a value later, so it is a slip of the pen.
        if (expandFilter(filter, known)) return
        throw new ConfigError(
          `rules.${i}.filter`,
          'holds a placeholder that "attributes" does not name',
        )
      })
      const iat = Math.max(Math.floor(now / 1000), (revokedUntil(sub) ?? -1) + 1)
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
      return {
        username: sub,
        password: `${content}.${sign(keys.token, content)}`,
        expiresAt: exp * 1000,
        issuedAt: iat * 1000,
      }
    },

    usernamesOf(subject) {
      checkSubject(subject)
      return [newUsername(subject)]
    },

    verify(username, password, now) {
      if (password.length > MAX_TOKEN_BYTES) return 'password-wrong'
      const [, body, signature] = TOKEN_FORM.exec(password) ?? []
      // Nothing is decoded before the signature is known to be ours.
      if (!body || !signature) return 'password-wrong'
      const expected = sign(keys.token, `${HEADER}.${body}`)
      if (!equalConstantTime(expected, signature)) return 'password-wrong'
      const holder = readHolder(username, body)
      if (!holder) return 'password-wrong'
      return now < holder.expiresAt ? holder : 'token-expired'
    },

    note(password) {
      const [, body = ''] = TOKEN_FORM.exec(password) ?? []
      return `${body}.${sign(keys.note, body)}`
    },

    readNote(username, note, now) {
      // Others may write where it is kept.
      if (typeof note !== 'string' || note.length > MAX_TOKEN_BYTES) return undefined
      const [body, proof, ...rest] = note.split('.')
      if (!body || !proof || rest.length > 0) return undefined
      if (!equalConstantTime(sign(keys.note, body), proof)) return undefined
      const holder = readHolder(username, body)
      return holder && now < holder.expiresAt ? holder : undefined
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

function checkSubject(subject: unknown): void {
  const isText = typeof subject === 'string' && subject !== ''
  if (!isText || subject.length > MAX_TOKEN_SUBJECT) {
    throw new ConfigError('subject', `must be a text of 1 to ${MAX_TOKEN_SUBJECT} characters`)
  }
  // As UTF-8 all of them are the same character, and two subjects would be one.
  const isSplit = [...subject].some((character) => isSurrogate(character.codePointAt(0)!))
  if (isSplit) throw new ConfigError('subject', 'must not hold a lone surrogate')
}

function payloadForm() {
  const seconds = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
  return v.strictObject({
    sub: v.pipe(v.string(), v.regex(/^token:[A-Za-z0-9_-]{22}$/)),
    iat: seconds,
    exp: seconds,
    rules: v.custom<readonly AccessRule[]>((rules) => passes(() => checkTokenRules(rules))),
    attributes: v.optional(
      v.custom<Attributes>((attributes) =>
        passes(() => checkAttributes(attributes, RESERVED_ATTRIBUTES)),
      ),
      {},
    ),
  })
}

function tokenForm(): RegExp {
  return new RegExp(`^${HEADER}\\.([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]{${SIGNATURE_LENGTH}})$`)
}

function passes(check: () => void): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}
