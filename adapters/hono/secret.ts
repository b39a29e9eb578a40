/**
 * The secret a broker and the routes share: who does not have it is denied everything.
 *
 * @module
 */

import { equalConstantTime } from '../../src/base/constant-time.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { SECRET_PLACEHOLDER } from '../../src/product/configuration/secret.ts'

/** What {@link brokerAuth} takes: a secret, or the word that there is none. */
export type SecretOptions =
  | {
      /**
       * What the broker sends as `Authorization: Bearer <secret>` or, where it cannot send headers,
       * as the segment of the path behind the product's name: at least 16 characters of printable
       * ASCII. Two are good at once while one takes the place of the other: give both here, then change
       * the broker's configuration, then give the new one alone.
       */
      readonly secret: string | readonly [string, string]
    }
  | {
      /** Answers whoever asks. Only where nothing but the broker can reach the routes. */
      readonly withoutSecret: true
    }

/** Checks what a broker sent. Each tells what is wrong with it, if anything. */
export interface SecretCheck {
  header(value: string | null): string | undefined
  /** A segment of the path, decoded. */
  segment(value: string | undefined): string | undefined
}

const MIN_SECRET_LENGTH = 16
const BEARER = 'Bearer '

/**
 * Makes the check; `undefined` if there is nothing to check.
 *
 * @throws {ConfigError} If there is neither a secret nor `withoutSecret`, or both, or the secret is
 * too short, not printable ASCII, or the placeholder of generated configurations.
 */
export function secretCheck(options: SecretOptions): SecretCheck | undefined {
  const given: { readonly secret?: unknown; readonly withoutSecret?: unknown } = options
  if (given.withoutSecret === true) {
    if ('secret' in given) {
      throw new ConfigError('secret', 'cannot be given beside withoutSecret: choose one of them')
    }
    return undefined
  }
  const secrets = readSecrets(given.secret)
  const compare = (value: string, from = 0) => {
    let isOne = false
    // All of them, so that the time tells nothing of which it is.
    for (const secret of secrets) isOne = equalConstantTime(secret, value, from) || isOne
    return isOne ? undefined : 'the broker sent another secret'
  }
  return {
    header(value) {
      if (value === null) return 'the broker sent no Authorization header'
      // As every broker writes it: no secret begins with a space.
      if (value.startsWith(BEARER) && value[BEARER.length] !== ' ') {
        return compare(value, BEARER.length)
      }
      const sent = /^Bearer +(.*)$/i.exec(value)?.[1]
      if (sent === undefined) return 'the Authorization header does not begin with "Bearer"'
      return compare(sent)
    },
    segment: (value) => compare(value ?? ''),
  }
}

function readSecrets(secret: unknown): readonly string[] {
  if (!Array.isArray(secret)) return [checkSecret('secret', secret)]
  if (secret.length !== 2 || secret[0] === secret[1]) {
    throw new ConfigError(
      'secret',
      'must be one text, or two that differ while one takes the place of the other',
    )
  }
  return secret.map((each, i) => checkSecret(`secret.${i}`, each))
}

function checkSecret(key: string, secret: unknown): string {
  if (typeof secret !== 'string' || secret === '') {
    throw new ConfigError(
      key,
      `is missing: set one text of at least ${MIN_SECRET_LENGTH} characters here and in the broker's configuration, or withoutSecret: true where nothing but the broker can reach these routes`,
    )
  }
  if (secret === SECRET_PLACEHOLDER) {
    throw new ConfigError(key, `is the placeholder ${SECRET_PLACEHOLDER}: everybody knows it`)
  }
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new ConfigError(key, `must have at least ${MIN_SECRET_LENGTH} characters`)
  }
  // Any other text is changed on its way through a header, and would never compare equal.
  if (!/^[\x20-\x7e]*$/.test(secret) || secret.trim() !== secret) {
    throw new ConfigError(key, 'must be printable ASCII without spaces at its ends')
  }
  return secret
}
