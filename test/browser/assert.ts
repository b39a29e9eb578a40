/**
 * What the cases use of `node:assert/strict`, in its place where there is no Node.
 *
 * @module
 */

type Expected = RegExp | Error | object | ((error: unknown) => boolean)

function fail(message: string): never {
  throw new Error(message)
}

function ok(value: unknown, message?: string): asserts value {
  if (!value) fail(message ?? `${show(value)} is not truthy`)
}

function equal(actual: unknown, expected: unknown, message?: string): void {
  if (!Object.is(actual, expected)) {
    fail(message ?? `${show(actual)} is not ${show(expected)}`)
  }
}

function deepEqual(actual: unknown, expected: unknown, message?: string): void {
  if (!isSame(actual, expected)) fail(message ?? `${show(actual)} is not ${show(expected)}`)
}

async function rejects(promise: Promise<unknown>, expected: Expected): Promise<void> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  if (!outcome) fail('It did not reject')
  check(outcome.error, expected)
}

function throws(run: () => unknown, expected: Expected): void {
  let outcome: { error: unknown } | undefined
  try {
    run()
  } catch (error) {
    outcome = { error }
  }
  if (!outcome) fail('It did not throw')
  check(outcome.error, expected)
}

function check(error: unknown, expected: Expected): void {
  if (expected instanceof RegExp) ok(expected.test(String(error)), `${error} is not ${expected}`)
  else if (typeof expected === 'function') {
    if (isClass(expected)) ok(error instanceof expected, `${error} is no ${expected.name}`)
    else ok(expected(error))
  } else if (expected instanceof Error) equal(error, expected)
  else {
    for (const [key, value] of Object.entries(expected)) {
      deepEqual((error as Record<string, unknown>)[key], value, `${key} of ${error}`)
    }
  }
}

function isClass(value: unknown): value is new () => unknown {
  return typeof value === 'function' && value.prototype instanceof Error
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Error || a instanceof Map || a instanceof Set) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(
    (key) => Object.hasOwn(b, key) && isSame(Reflect.get(a, key), Reflect.get(b, key)),
  )
}

function show(value: unknown): string {
  const plain = (_key: string, part: unknown) =>
    part instanceof Error ? String(part) : part === undefined ? 'undefined' : part
  return String(JSON.stringify(value, plain)).slice(0, 500)
}

export default Object.assign(ok, { fail, ok, equal, deepEqual, rejects, throws })
