/**
 * The login that a function of `credentials` gives.
 *
 * @module
 */
import * as v from 'valibot'
import type { Credentials } from '../../src/client/credentials.ts'
import { text } from './setting-kinds.ts'

const schema = v.object({ username: text, password: text }, 'must be an object')

/** Checks what a function of `credentials` gave. Returns the login, or what is wrong with it. */
export function parseCredentials(input: unknown): Credentials | string {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  const [issue] = result.issues
  return `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`
}
