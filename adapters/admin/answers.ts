/**
 * What is answered, as schemas: for the description of the routes. An object may have more than it names.
 *
 * @module
 */
import * as v from 'valibot'

/** Any schema. */
export type Schema = v.GenericSchema

const text = v.string()
const number = v.number()
const texts = v.record(text, text)
const rule = v.object({
  effect: v.picklist(['allow', 'deny']),
  actions: v.array(v.picklist(['publish', 'subscribe'])),
  filter: text,
})

const credential = v.object({
  id: text,
  kind: v.literal('password'),
  format: text,
  createdAt: number,
  notBefore: v.optional(number),
  notAfter: v.optional(number),
  pepper: v.optional(v.picklist(['first', 'older', 'unmarked', 'unknown'])),
  lastUsed: v.optional(number),
})

const state = v.object({
  lastHeard: v.optional(number),
  freshUntil: v.optional(number),
  connected: v.optional(v.boolean()),
  since: v.optional(number),
  status: v.optional(text),
  battery: v.optional(number),
  firmware: v.optional(text),
  fields: v.optional(v.record(text, v.unknown())),
  lastLogin: v.optional(v.object({ at: number, credentialId: text })),
})

/** A device on record. */
export const device: Schema = v.object({
  type: text,
  id: text,
  username: text,
  credentials: v.array(credential),
  rules: v.array(rule),
  attributes: texts,
  clientIds: v.optional(v.array(text)),
  revoked: v.boolean(),
  createdAt: number,
  revision: number,
  state: v.optional(state),
})

/** A page of devices. */
export const devicePage: Schema = v.object({
  devices: v.array(device),
  cursor: v.optional(text),
})

const change = {
  kind: v.picklist([
    ...(['provisioned', 'updated', 'rotated', 'retired', 'revoked'] as const),
    ...(['restored', 'removed'] as const),
  ]),
  type: text,
  id: text,
  username: text,
  done: v.array(text),
  failed: v.array(v.object({ name: text })),
}

/** What was changed, and who acted on it. */
export const report: Schema = v.object(change)

/** That tokens are revoked, and who acted on it. */
export const tokenReport: Schema = v.object({
  kind: v.literal('tokens-revoked'),
  username: text,
  issuedUntil: number,
  done: change.done,
  failed: change.failed,
})

/** The same of a device that is new. */
const recorded = { ...change, topics: texts, password: v.optional(text) }

/** A device that is on record now, with its password unless it had one. */
export const recordedDevice: Schema = v.object(recorded)

/** A device with a new password. */
export const rotatedDevice: Schema = v.object({ ...recorded, password: text })

/** What became of many. */
export const outcomes: Schema = v.object({
  outcomes: v.array(
    v.union([
      v.object({ id: text, device: v.object(recorded) }),
      v.object({ id: text, error: v.object({ code: text, detail: text }) }),
    ]),
  ),
})

/** At which brokers the sessions of a device were ended. */
export const kicked: Schema = v.object({
  report: v.object({ done: v.array(text), failed: v.array(v.object({})) }),
})

/** The reply to a command. */
export const reply: Schema = v.object({ reply: v.unknown() })

/** A decision, and why. */
export const explanation: Schema = v.object({
  effect: v.picklist(['allow', 'deny']),
  code: text,
  text,
  nearMisses: v.array(v.object({})),
})

/** Who asks. */
export const me: Schema = v.object({
  operator: v.object({
    name: text,
    may: v.optional(v.picklist(['read', 'change'])),
    types: v.optional(v.array(text)),
    attributes: v.optional(texts),
  }),
  seesAll: v.boolean(),
  mayChange: v.boolean(),
  filters: v.array(text),
  routes: v.object({ commands: v.boolean(), kick: v.boolean(), audit: v.boolean() }),
})

/** The device types. */
export const typeList: Schema = v.object({
  types: v.array(
    v.object({
      name: text,
      broker: text,
      heartbeat: number,
      commands: v.array(
        v.object({
          name: text,
          hasPayload: v.boolean(),
          payload: v.optional(v.record(text, v.unknown())),
          hasReply: v.boolean(),
        }),
      ),
      fields: v.array(
        v.object({
          path: text,
          title: v.optional(text),
          description: v.optional(text),
          unit: v.optional(text),
          minimum: v.optional(number),
          maximum: v.optional(number),
        }),
      ),
    }),
  ),
})

/** A page of the audit trail. */
export const trailPage: Schema = v.object({
  entries: v.array(
    v.object({
      id: text,
      at: number,
      operator: text,
      action: text,
      device: v.optional(v.object({ type: text, id: text })),
      attributes: v.optional(texts),
      result: text,
    }),
  ),
  cursor: v.optional(text),
})

/** What went wrong (RFC 9457). */
export const problem: Schema = v.object({
  type: v.literal('about:blank'),
  title: text,
  status: number,
  code: text,
  detail: text,
})
