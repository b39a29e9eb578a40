/**
 * JSON Schema of what a device type declares, as far as it can be told without a library for it.
 *
 * @module
 */
import type { GenericSchema } from 'valibot'
import type { Schema } from '../../src/device/schema.ts'
import type { ToJsonSchema } from './openapi.ts'
import type { PayloadSchema } from './type-views.ts'

type JsonSchema = Record<string, unknown>

/** Deeper than any schema that is written by hand. Also ends a lazy one that holds itself. */
const MAX_DEPTH = 10

/** What a schema of valibot, or an action in its pipe, has, as far as it is read here. */
interface Part {
  readonly kind?: unknown
  readonly type?: unknown
  readonly pipe?: readonly Part[]
  readonly entries?: Readonly<Record<string, Part>>
  readonly wrapped?: Part
  readonly item?: Part
  readonly value?: Part
  readonly options?: readonly unknown[]
  readonly literal?: unknown
  readonly requirement?: unknown
  readonly default?: unknown
  readonly title?: unknown
  readonly description?: unknown
  readonly metadata?: Readonly<Record<string, unknown>>
}

/**
 * The JSON Schema of what may be given to a schema: its library's own, where it speaks Standard JSON Schema;
 * for valibot by `toJsonSchema`, else what is read here of objects, lists, texts, numbers and choices.
 * `undefined` where it cannot be told.
 */
export function payloadSchema(
  schema: Schema,
  toJsonSchema: ToJsonSchema | undefined,
): PayloadSchema | undefined {
  const own = ownSchema(schema)
  if (own || schema['~standard'].vendor !== 'valibot') return own
  if (!toJsonSchema) return readSchema(schema)
  try {
    const { $schema: _, ...rest } = toJsonSchema(schema as GenericSchema, {
      target: 'draft-2020-12',
      typeMode: 'input',
      errorMode: 'ignore',
    }) as JsonSchema
    return rest
  } catch {
    return readSchema(schema)
  }
}

/** The same, read here where it can be: with what a library leaves out, such as a unit. */
export function readSchema(schema: Schema): PayloadSchema | undefined {
  if (schema['~standard'].vendor !== 'valibot') return ownSchema(schema)
  const read = readPart(schema as Part, MAX_DEPTH)
  return Object.keys(read).length === 0 ? undefined : read
}

/** What the library of a schema says (https://standardschema.dev/json-schema). */
function ownSchema(schema: Schema): PayloadSchema | undefined {
  const standard = schema['~standard'] as {
    readonly jsonSchema?: { readonly input?: (options: { readonly target: string }) => unknown }
  }
  if (typeof standard.jsonSchema?.input !== 'function') return undefined
  try {
    const told = standard.jsonSchema.input({ target: 'draft-2020-12' })
    if (typeof told !== 'object' || told === null) return undefined
    const { $schema: _, ...rest } = told as JsonSchema
    return rest
  } catch {
    // Such as one with a part that JSON Schema cannot say.
    return undefined
  }
}

function readPart(part: Part, depth: number): JsonSchema {
  if (depth === 0) return {}
  const [first, ...actions] = part.pipe ?? []
  if (first) {
    // The first of a pipe is the schema itself, whose own `pipe` is none.
    const read = readPart({ ...first, pipe: [] }, depth)
    return Object.assign(read, ...untilTransformed(actions).map(readAction))
  }
  return readPlain(part, depth)
}

/** What stands behind a transformation is about something else than what is given. */
function untilTransformed(actions: readonly Part[]): readonly Part[] {
  const end = actions.findIndex(({ kind }) => kind === 'transformation' || kind === 'schema')
  return end === -1 ? actions : actions.slice(0, end)
}

function readPlain(part: Part, depth: number): JsonSchema {
  switch (part.type) {
    case 'string':
    case 'boolean':
    case 'number':
    case 'null':
      return { type: part.type }
    case 'literal':
      return { const: part.literal }
    case 'picklist':
    case 'enum':
      return readChoice(part.options ?? [])
    case 'object':
    case 'strict_object':
    case 'loose_object':
    case 'object_with_rest':
      return readObject(part, depth)
    case 'array':
      return { type: 'array', ...(part.item && { items: readPart(part.item, depth - 1) }) }
    case 'record': {
      const { value } = part
      return { type: 'object', ...(value && { additionalProperties: readPart(value, depth - 1) }) }
    }
    case 'union':
    case 'variant':
      return { anyOf: (part.options ?? []).map((option) => readPart(option as Part, depth - 1)) }
    case 'optional':
    case 'exact_optional':
    case 'undefinedable':
    case 'nullish':
    case 'nullable': {
      const read = part.wrapped ? readPart(part.wrapped, depth - 1) : {}
      const { default: fallback } = part
      const isPlain = fallback !== undefined && typeof fallback !== 'function'
      return { ...read, ...(isPlain && { default: fallback }) }
    }
    default:
      return {}
  }
}

function readChoice(options: readonly unknown[]): JsonSchema {
  const [kind, ...others] = new Set(options.map((option) => typeof option))
  const isOne = others.length === 0 && (kind === 'string' || kind === 'number')
  return { ...(isOne && { type: kind }), enum: [...options] }
}

const OPTIONAL: readonly unknown[] = ['optional', 'exact_optional', 'nullish', 'undefinedable']

function readObject({ type, entries = {} }: Part, depth: number): JsonSchema {
  const all = Object.entries(entries)
  const isNeeded = ([, entry]: [string, Part]) => !OPTIONAL.includes(entry.type)
  const required = all.filter(isNeeded).map(([name]) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(all.map(([name, entry]) => [name, readPart(entry, depth - 1)])),
    ...(required.length > 0 && { required }),
    ...(type === 'strict_object' && { additionalProperties: false }),
  }
}

/** By the name of an action in valibot, what its requirement is called. */
const LIMITS: Readonly<Record<string, string>> = {
  min_value: 'minimum',
  max_value: 'maximum',
  gt_value: 'exclusiveMinimum',
  lt_value: 'exclusiveMaximum',
  multiple_of: 'multipleOf',
  min_length: 'minLength',
  max_length: 'maxLength',
}

function readAction(action: Part): JsonSchema {
  const { type, requirement, title, description, metadata } = action
  if (type === 'integer' || type === 'safe_integer') return { type: 'integer' }
  if (type === 'title') return { title }
  if (type === 'description') return { description }
  if (type === 'metadata') {
    // The names that JSON Schema has, and the unit, for which it has none.
    const { title, description, unit } = metadata ?? {}
    return {
      ...(typeof title === 'string' && { title }),
      ...(typeof description === 'string' && { description }),
      ...(typeof unit === 'string' && { unit }),
    }
  }
  const limit = LIMITS[String(type)]
  return limit !== undefined && typeof requirement === 'number' ? { [limit]: requirement } : {}
}
