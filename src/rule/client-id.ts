/**
 * Whose a client id is. Brokers find a session by its client id, and most of them by nothing else: who
 * brings another one's id is given what waits for it. So each user name has client ids of its own.
 *
 * They are the user name itself, and the user name, `//` and a suffix. No user name holds `//` or ends
 * with `/` (see `isUsername`), so what stands before the first `//` of a client id is one user name
 * and no other, whatever follows; and no client id with `//` is a user name. The characters that are
 * in no user name at all, `+` and `#`, would do as well, but Mosquitto refuses clients whose id holds
 * one of them where its rules have patterns.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { isControl, isSurrogate, MAX_TEXT_BYTES } from '../base/text.ts'
import { findNameProblem } from '../topic/name.ts'

const SEPARATOR = '//'

/**
 * What the client's own id stands behind where the broker joined the two: a suffix that a client
 * chose does not begin with `/`.
 */
const JOINT = '///'

/** A client id, taken apart. */
export interface ReadClientId {
  /** The user name, where the broker joined it with the client's own id. */
  readonly username: string | undefined
  /** What the client calls itself. */
  readonly own: string
}

/** Takes a client id apart. */
export function readClientId(clientId: string): ReadClientId {
  const at = clientId.indexOf(SEPARATOR)
  if (at < 1 || !clientId.startsWith(JOINT, at)) return { username: undefined, own: clientId }
  return { username: clientId.slice(0, at), own: clientId.slice(at + JOINT.length) }
}

/** The client id of a session that no other user name reaches, whatever id the client brings. */
export function joinClientId(username: string, clientId: string): string {
  return `${username}${JOINT}${clientId}`
}

/** Whoever has client ids: a `Principal`, for one. */
export interface ClientIdOwner {
  readonly username: string
  /** Client ids from elsewhere that are its own. Default: none. */
  readonly clientIds?: readonly string[]
}

/** Whether somebody may use a client id where sessions are found by it alone. */
export function ownsClientId(
  { username, clientIds = [] }: ClientIdOwner,
  clientId: string,
): boolean {
  return (
    clientId === username ||
    clientId.startsWith(username + SEPARATOR) ||
    clientIds.includes(clientId)
  )
}

/** Most client ids in a list. */
const MAX_CLIENT_IDS = 64

/**
 * Checks a list of client ids from elsewhere.
 *
 * @throws {ConfigError} If it is no list of texts, has more than {@link MAX_CLIENT_IDS}, or one of
 * them is none that MQTT carries, or holds `//`, as only client ids made of a user name do.
 */
export function checkClientIds(key: string, clientIds: readonly string[]): void {
  if (!Array.isArray(clientIds) || clientIds.length > MAX_CLIENT_IDS) {
    throw new ConfigError(key, `must be a list of at most ${MAX_CLIENT_IDS} client ids`)
  }
  clientIds.forEach((clientId: unknown, i) => {
    const problem = findClientIdProblem(clientId)
    if (problem !== undefined) throw new ConfigError(`${key}.${i}`, problem)
  })
}

function findClientIdProblem(clientId: unknown): string | undefined {
  if (typeof clientId !== 'string' || clientId === '') return 'must be a text that is not empty'
  if (new TextEncoder().encode(clientId).length > MAX_TEXT_BYTES) {
    return `must not be longer than ${MAX_TEXT_BYTES} bytes`
  }
  for (const character of clientId) {
    const code = character.codePointAt(0)!
    if (isControl(code) || isSurrogate(code)) {
      return 'must not hold a control character or a lone surrogate'
    }
  }
  if (clientId.includes(SEPARATOR)) return 'must not hold "//": it would be that of a user name'
  return undefined
}

/**
 * What a client id stands for in rules, if it can stand there: as the client gave it, where it is one
 * topic level, or the user name's own. Another one could change the shape of a topic.
 */
export function clientIdValue(username: string, clientId: string): string | undefined {
  const { own } = readClientId(clientId)
  if (own === username || !findNameProblem(own)) return own
  const start = username + SEPARATOR
  return own.startsWith(start) && !findNameProblem(own.slice(start.length)) ? own : undefined
}
