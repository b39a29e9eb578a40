/**
 * The part of Standard Schema (https://standardschema.dev, version 1) used here, so that a device
 * type can be declared with any validator that speaks it.
 *
 * @module
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { ConfigError, PayloadError, type PayloadIssue } from '../base/errors.ts'
import { describeError } from '../base/log.ts'
import { isPromise, type MaybePromise } from '../base/maybe-promise.ts'

/** A validator: valibot, zod, arktype or any other Standard Schema. */
export type Schema<Input = unknown, Output = unknown> = StandardSchemaV1<Input, Output>

/** What a validator answers. */
export type SchemaResult<Output> = StandardSchemaV1.Result<Output>

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
 * @param what The subject of the error message, such as `data of weatherstation/STATION-001`.
 * @returns What the schema made of the value.
 * @throws {PayloadError} If the schema refuses it, or itself throws.
 */
export function validate<S extends Schema>(
  schema: S,
  value: unknown,
  what: string,
): MaybePromise<InferOutput<S>> {
  const failed = (error: unknown): never => {
    throw new PayloadError(what, [
      { path: '', message: `the schema threw: ${describeError(error)}` },
    ])
  }
  let result: MaybePromise<SchemaResult<unknown>>
  try {
    result = schema['~standard'].validate(value)
  } catch (error) {
    return failed(error)
  }
  if (!isPromise(result)) return outputOf(result, what)
  return Promise.resolve(result).then((settled) => outputOf<S>(settled, what), failed)
}

function outputOf<S extends Schema>(result: SchemaResult<unknown>, what: string): InferOutput<S> {
  if (typeof result !== 'object' || result === null) {
    throw new PayloadError(what, [{ path: '', message: 'the schema gave no answer' }])
  }
  if (result.issues) throw new PayloadError(what, result.issues.map(toIssue))
  return result.value as InferOutput<S>
}

function toIssue(issue: SchemaIssue): PayloadIssue {
  const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step))
  return { path: path.join('.'), message: issue.message }
}
