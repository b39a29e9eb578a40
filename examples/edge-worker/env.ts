/**
 * What the worker is given: variables and bindings of wrangler.jsonc, and secrets.
 *
 * @module
 */
import type { D1Binding } from 'devicehub/sql'

/** Each is a text that `wrangler secret put NAME` asks for. */
export const SECRETS = [
  'PEPPER',
  'BROKER_SECRET',
  'HUB_PASSWORD',
  'ADMIN_SECRET',
  'SESSION_KEY',
  'EMQX_KEY',
  'EMQX_SECRET',
] as const

/** The bindings by name. */
export type Env = Readonly<Record<(typeof SECRETS)[number], string>> & {
  readonly DB: D1Binding
  /** Where pages connect to the broker. */
  readonly BROKER_URL: string
  /** Where EMQX's management API listens. */
  readonly EMQX_URL: string
}

/** @throws {Error} If something is missing: without a pepper, say, all would work, and worse. */
export function checkEnv(env: Env): void {
  const missing = [...SECRETS, 'DB', 'BROKER_URL', 'EMQX_URL'].filter((name) => !(name in env))
  if (missing.length > 0) throw new Error(`Not set for this worker: ${missing.join(', ')}`)
}
