/**
 * A broker's question, read from JSON: the body within its bounds, its fields, and the two
 * questions there are. Brokers fill in templates, so every value may come as text, and an empty
 * text stands for a value the client does not have.
 *
 * @module
 */
import type { AccessAction } from '../../src/access/rule.ts'
import type { LoginRequest, NamedAccessRequest } from '../../src/fleet.ts'

/** The request cannot be read. The message is fit for a log: it holds nothing that was sent. */
export class MalformedRequest extends Error {}

/** The fields of a JSON object, not yet checked. */
export type Fields = Readonly<Record<string, unknown>>

const ACTIONS: Readonly<Record<string, AccessAction>> = {
  publish: 'publish',
  pub: 'publish',
  subscribe: 'subscribe',
  sub: 'subscribe',
}
const QOS: readonly unknown[] = [0, 1, 2]

/**
 * Reads a request's body as a JSON object.
 *
 * @param signal Stops reading when aborted.
 * @throws {MalformedRequest} If it is longer than `maxBytes`, is not UTF-8, or is no JSON object.
 */
export async function readFields(
  request: Request,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Fields> {
  const bytes = await readBytes(request, maxBytes, signal)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // The parser's own message quotes the body, and with it the password.
    throw new MalformedRequest('the body is not JSON in UTF-8')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedRequest('the body is not a JSON object')
  }
  return value as Fields
}

/** The question who somebody is. @throws {MalformedRequest} If a field has the wrong type. */
export function readLogin(fields: Fields): LoginRequest {
  return {
    username: readText(fields, 'username'),
    password: readText(fields, 'password'),
    clientId: readText(fields, 'clientid'),
  }
}

/**
 * The question what somebody may do.
 * @throws {MalformedRequest} If a field has the wrong type, or the topic or action is missing.
 */
export function readAccess(fields: Fields): NamedAccessRequest {
  const topic = readText(fields, 'topic')
  if (topic === undefined) throw new MalformedRequest('"topic" is missing')
  const qos = readQos(fields)
  const retain = readFlag(fields, 'retain')
  return {
    username: readText(fields, 'username'),
    clientId: readText(fields, 'clientid'),
    action: readAction(fields),
    topic,
    ...(qos === undefined ? {} : { qos }),
    ...(retain === undefined ? {} : { retain }),
  }
}

function readAction(fields: Fields): AccessAction {
  const name = readText(fields, 'action') ?? ''
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (!action) throw new MalformedRequest('"action" is not publish, subscribe, pub or sub')
  return action
}

function readQos(fields: Fields): 0 | 1 | 2 | undefined {
  const value = readField(fields, 'qos')
  if (value === undefined) return undefined
  const qos = typeof value === 'string' ? ['0', '1', '2'].indexOf(value) : value
  if (!QOS.includes(qos)) throw new MalformedRequest('"qos" is not 0, 1 or 2')
  return qos as 0 | 1 | 2
}

function readFlag(fields: Fields, name: string): boolean | undefined {
  const value = readField(fields, name)
  if (value === undefined || typeof value === 'boolean') return value
  if (value === 'true') return true
  if (value === 'false') return false
  throw new MalformedRequest(`"${name}" is not true or false`)
}

function readText(fields: Fields, name: string): string | undefined {
  const value = readField(fields, name)
  if (value === undefined || typeof value === 'string') return value
  throw new MalformedRequest(`"${name}" is not a text`)
}

/** A field's value; empty, `null` and absent are all `undefined`. */
function readField(fields: Fields, name: string): unknown {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  return value === '' || value === null ? undefined : value
}

async function readBytes(
  request: Request,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const reader = request.body?.getReader()
  if (!reader) return new Uint8Array()
  signal.addEventListener('abort', () => void reader.cancel().catch(() => {}), { once: true })
  const kept: Uint8Array[] = []
  let size = 0
  // A body that is too long is read to its end all the same, and dropped: to leave it unread can
  // break the connection, and a broker takes a broken connection for "ask the next one".
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size <= maxBytes) kept.push(value)
  }
  if (size > maxBytes) throw new MalformedRequest(`the body is longer than ${maxBytes} bytes`)
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const chunk of kept) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}
