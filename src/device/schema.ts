/**
 * The part of Standard Schema (https://standardschema.dev, version 1) used here, so that a device
 * type can be declared with any validator that speaks it.
 *
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ConfigError, PayloadError, type PayloadIssue } from '../base/errors.ts'
import { describeError } from '../base/log.ts'
import { andThen, isPromise, type MaybePromise, orElse } from '../base/maybe-promise.ts'

/** A validator: valibot, zod, arktype or any other Standard Schema. */
export type Schema<Input = unknown, Output = unknown> = StandardSchemaV1<Input, Output>

/** What a validator answers. */
export type SchemaResult<Output> = StandardSchemaV1.Result<Output>

/** What a schema of this library answers: with what it took all the same, to be told. */
export type WarnedResult<Output> = SchemaResult<Output> & {
  readonly warnings?: readonly SchemaIssue[]
}

/** Is told of what a schema took with a warning. */
export type Warn = (what: string, warning: PayloadIssue) => void

/** One finding of a validator. */
export type SchemaIssue = StandardSchemaV1.Issue

/** What may be given to a schema. */
export type InferInput<S extends Schema> = StandardSchemaV1.InferInput<S>

/** What a schema gives back. */
export type InferOutput<S extends Schema> = StandardSchemaV1.InferOutput<S>

/**
 * Checks that a value is a schema, for callers that no compiler checks.
 *
 * @throws {ConfigError} If it is not.
 */
export function checkSchema(key: string, value: unknown): void {
  // Some validators are functions.
  const isHolder = (typeof value === 'object' && value !== null) || typeof value === 'function'
  const standard = isHolder ? (value as Partial<Schema>)['~standard'] : undefined
  if (standard?.version === 1 && typeof standard.validate === 'function') return
  throw new ConfigError(
    key,
    'must be a Standard Schema validator, such as v.object({ … }) of valibot',
  )
}

/**
 * Validates a value: at once, or later if the schema takes its time.
 *
 * Some validators take a list for an object, and valibot then makes `{}` of `[1]`. Where that is what
 * happened, at whatever depth, the value is refused: what was in the list would be lost.
 *
 * @param what The subject of the error message, such as `data of weatherstation/STATION-001`.
 * @param warn Is told of what a schema of this library took all the same.
 * @returns What the schema made of the value.
 * @throws {PayloadError} If the schema refuses it, or itself throws.
 */
export function validate<S extends Schema>(
  schema: S,
  value: unknown,
  what: string,
  warn?: Warn,
): MaybePromise<InferOutput<S>> {
  return andThen(ask(schema, value, what, warn), (output) => {
    const lists = listsMadeObjects(value, output)
    return lists.length === 0 ? output : refuseMistaken(schema, value, what, output, lists)
  })
}

function ask<S extends Schema>(
  schema: S,
  value: unknown,
  what: string,
  warn: Warn | undefined,
): MaybePromise<InferOutput<S>> {
  const failed = (error: unknown): never => {
    const message = `the schema threw: ${describeError(error)}`
    throw new PayloadError(what, [{ path: '', message }])
  }
  let result: MaybePromise<SchemaResult<unknown>>
  try {
    result = schema['~standard'].validate(value)
  } catch (error) {
    return failed(error)
  }
  if (!isPromise(result)) return outputOf(result, what, warn)
  return Promise.resolve(result).then((settled) => outputOf<S>(settled, what, warn), failed)
}

function outputOf<S extends Schema>(
  result: WarnedResult<unknown>,
  what: string,
  warn: Warn | undefined,
): InferOutput<S> {
  if (typeof result !== 'object' || result === null) {
    throw new PayloadError(what, [{ path: '', message: 'the schema gave no answer' }])
  }
  if (result.issues) throw new PayloadError(what, result.issues.map(toIssue))
  for (const warning of result.warnings ?? []) warn?.(what, toIssue(warning))
  return result.value as InferOutput<S>
}

function toIssue(issue: SchemaIssue): PayloadIssue {
  const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step))
  return { path: path.join('.'), message: issue.message }
}

/** Deeper than any schema that is written by hand. Also ends the walk through a circle. */
const MAX_DEPTH = 50

type Path = readonly string[]

/** Where a list was given, and an object came out. */
function listsMadeObjects(value: unknown, output: unknown, path: Path = []): readonly Path[] {
  if (!isHolder(value) || !isHolder(output) || value === output) return []
  if (Array.isArray(value) !== Array.isArray(output)) return Array.isArray(value) ? [path] : []
  if (path.length === MAX_DEPTH) return []
  let found: readonly Path[] = []
  for (const key of Object.keys(value)) {
    const part = value[key]
    if (!isHolder(part)) continue
    const inner = listsMadeObjects(part, output[key], [...path, key])
    if (inner.length > 0) found = [...found, ...inner]
  }
  return found
}

/** A schema that makes an object of a list on purpose refuses an object in its place. */
function refuseMistaken<T>(
  schema: Schema,
  value: unknown,
  what: string,
  output: T,
  [path, ...others]: readonly Path[],
): MaybePromise<T> {
  if (path === undefined) return output
  return andThen(findings(schema, withObjectAt(value, path)), (found) => {
    if (found) return refuseMistaken(schema, value, what, output, others)
    const message = 'must be an object, not a list'
    throw new PayloadError(what, [{ path: path.join('.'), message }])
  })
}

/** What a schema has against a value: `undefined` if it takes it, and nothing in words if it throws. */
export function findings(
  schema: Schema,
  value: unknown,
): MaybePromise<readonly SchemaIssue[] | undefined> {
  return orElse(
    () => andThen(schema['~standard'].validate(value), ({ issues }) => issues),
    () => [],
  )
}

/** A copy of a value with an object in the place of a list. */
function withObjectAt(value: unknown, [key, ...rest]: Path): unknown {
  if (key === undefined) return { ...(value as object) }
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) }
  return Object.assign(copy, { [key]: withObjectAt((value as Holder)[key], rest) })
}

type Holder = Readonly<Record<string, unknown>>

function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null
}
