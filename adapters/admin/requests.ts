/**
 * What operators send: read within bounds, and checked before anything is done.
 *
 * @module
 */
import type { Context } from 'hono'
import * as v from 'valibot'
import type { DeviceQuery } from '../../src/device/store.ts'
import type { TrailQuery } from '../../src/device/trail.ts'
import type { NamedAccessRequest, ProvisionOptions } from '../../src/fleet/fleet.ts'
import { ProblemError } from './problem.ts'

/** Longest body, in bytes: a thousand devices with a kilobyte each. */
export const MAX_BODY_BYTES = 1_048_576

/** What is checked of a request, and what it is then. */
export type Checked<T extends object> = v.GenericSchema<object, T>

/** Settings of a device. What a rule, an attribute and a client id have to be the fleet checks. */
interface SettingsBody {
  readonly rules?: readonly object[] | undefined
  readonly attributes?: Readonly<Record<string, string>> | undefined
  readonly clientIds?: readonly string[] | undefined
}

/** A new device. */
interface NewDeviceBody extends SettingsBody {
  readonly id: string
  readonly username?: string | undefined
  readonly passwordHash?: string | undefined
}

const text = v.string()
const settings = {
  rules: v.optional(v.array(v.looseObject({}))),
  attributes: v.optional(v.record(text, text)),
  clientIds: v.optional(v.array(text)),
}

export const newDevice: Checked<NewDeviceBody> = v.strictObject({
  id: text,
  username: v.optional(text),
  passwordHash: v.optional(text),
  ...settings,
})

export const newDevices: Checked<{ readonly devices: readonly unknown[] }> = v.strictObject({
  devices: v.pipe(v.array(v.unknown()), v.maxLength(1_000)),
})

export const deviceSettings: Checked<SettingsBody> = v.strictObject(settings)

export const rotation: Checked<{
  readonly overlap?: number | undefined
  readonly notBefore?: number | undefined
}> = v.strictObject({ overlap: v.optional(v.number()), notBefore: v.optional(v.number()) })

export const retirement: Checked<{ readonly credentialId: string }> = v.strictObject({
  credentialId: text,
})

/** Whose tokens. What a subject has to be the fleet checks. */
export const tokenSubject: Checked<{ readonly subject: string }> = v.strictObject({ subject: text })

/** What is asked of the rules. */
export const question: Checked<NamedAccessRequest & { readonly username: string }> = v.strictObject(
  {
    username: text,
    clientId: v.optional(text),
    action: v.picklist(['publish', 'subscribe']),
    topic: text,
    qos: v.optional(v.picklist([0, 1, 2])),
    retain: v.optional(v.boolean()),
  },
)

/** A command, of which the device type says what its payload is. */
export const commandCall: Checked<{
  readonly payload?: unknown
  readonly timeout?: number | undefined
}> = v.strictObject({
  payload: v.optional(v.unknown()),
  timeout: v.optional(v.pipe(v.number(), v.minValue(0.001), v.maxValue(20))),
})

const flag = v.pipe(
  v.picklist(['true', 'false']),
  v.transform((value) => value === 'true'),
)
const number = v.pipe(
  text,
  v.decimal(),
  v.transform((value) => Number(value)),
)

/** How a listing is narrowed. */
export const listing: Checked<{ [Key in keyof DeviceQuery]?: DeviceQuery[Key] | undefined }> =
  v.strictObject({
    type: v.optional(text),
    revoked: v.optional(flag),
    idPrefix: v.optional(text),
    connected: v.optional(flag),
    fresh: v.optional(flag),
    heardBefore: v.optional(number),
    status: v.optional(text),
    batteryBelow: v.optional(number),
    firmware: v.optional(text),
    firmwareOtherThan: v.optional(text),
    cursor: v.optional(text),
    limit: v.optional(number),
  })

/** How the audit trail is narrowed. */
export const trailing: Checked<{ [Key in keyof TrailQuery]?: TrailQuery[Key] | undefined }> =
  v.strictObject({
    type: v.optional(text),
    id: v.optional(text),
    operator: v.optional(text),
    action: v.optional(text),
    from: v.optional(number),
    until: v.optional(number),
    cursor: v.optional(text),
    limit: v.optional(number),
  })

/**
 * Reads a body. One that is empty is an empty object.
 *
 * @throws {ProblemError} If it is too long, no JSON, or not what it has to be.
 */
export async function readBody<T extends object>({ req }: Context, schema: Checked<T>): Promise<T> {
  const sent = await req.text()
  if (sent === '') return check(schema, {})
  const type = req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') {
    throw new ProblemError(415, 'body-type', 'The body has to be of the type application/json')
  }
  let value: unknown
  try {
    value = JSON.parse(sent)
  } catch {
    // The parser's own message quotes the body, and with it a password.
    throw new ProblemError(400, 'body-malformed', 'The body is no JSON')
  }
  return check(schema, value)
}

/** Reads the query. @throws {ProblemError} If a name is unknown, given twice, or its value is none. */
export function readQuery<T extends object>({ req }: Context, schema: Checked<T>): T {
  const given = Object.entries(req.queries())
  const twice = given.find(([, values]) => values.length > 1)
  if (twice)
    throw new ProblemError(400, 'request-invalid', `"${twice[0].slice(0, 50)}" is given twice`)
  return check(schema, Object.fromEntries(given.map(([name, [value]]) => [name, value])))
}

function check<T extends object>(schema: Checked<T>, value: unknown): T {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  // What was received is left out: it may be a secret.
  const errors = result.issues.map((issue) => ({
    path: v.getDotPath(issue) ?? '',
    problem: problemWith(issue.expected),
  }))
  throw new ProblemError(400, 'request-invalid', 'The request is not what it has to be', { errors })
}

function problemWith(expected: string | null): string {
  if (expected === null) return 'is not valid'
  return expected === 'never' ? 'is not known here' : `must be ${expected}`
}

/** Settings as the fleet takes them, which checks what a rule has to be. */
export function asSettings(settings: {
  readonly username?: string | undefined
  readonly rules?: unknown
  readonly attributes?: Readonly<Record<string, string>> | undefined
  readonly clientIds?: readonly string[] | undefined
}): ProvisionOptions {
  return defined(settings) as ProvisionOptions
}

/** An object without what is `undefined`. */
export function defined<T extends object>(
  value: T,
): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const given = Object.entries(value).filter(([, each]) => each !== undefined)
  return Object.fromEntries(given) as { [Key in keyof T]: Exclude<T[Key], undefined> }
}
