/**
 * Values that a schema accepts, found by asking it: a Standard Schema says what is wrong and
 * where, and nothing of what it wants.
 *
 * @module
 */
import type { Schema, SchemaIssue } from '../../../src/device/schema.ts'

/** What is tried at each place, in this order. Numbers come first: devices mostly measure. */
const CANDIDATES: readonly unknown[] = [
  20,
  'sample',
  true,
  0.5,
  0,
  -20,
  1000,
  1_000_000,
  new Date(0).toISOString(),
  'a0000000-0000-4000-8000-000000000000',
  {},
  [],
  [20],
  null,
]

const MAX_PLACES = 50

/** A value that a schema accepts, or `undefined` if none was found. */
export async function sample(schema: Schema): Promise<{ readonly value: unknown } | undefined> {
  const next = new Map<string, number>()
  let value: unknown = {}
  for (let tries = MAX_PLACES * CANDIDATES.length; tries > 0; tries--) {
    const issue = await firstIssue(schema, value)
    if (!issue) return { value }
    const path = issue.path?.map((step) => (typeof step === 'object' ? step.key : step)) ?? []
    const place = JSON.stringify(path.map(String))
    const candidate = next.get(place) ?? 0
    if (candidate >= CANDIDATES.length || next.size > MAX_PLACES) return undefined
    next.set(place, candidate + 1)
    value = put(value, path, CANDIDATES[candidate])
  }
  return undefined
}

async function firstIssue(schema: Schema, value: unknown): Promise<SchemaIssue | undefined> {
  try {
    return (await schema['~standard'].validate(value)).issues?.[0]
  } catch (error) {
    return { message: String(error) }
  }
}

/** A copy of a value with another one at a place. */
function put(target: unknown, path: readonly PropertyKey[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return structuredClone(value)
  if (Array.isArray(target)) {
    return Object.assign([...target], { [key]: put(target[Number(key)], rest, value) })
  }
  const parent = (typeof target === 'object' && target !== null ? target : {}) as Record<
    PropertyKey,
    unknown
  >
  return { ...parent, [key]: put(parent[key], rest, value) }
}
