/**
 * What the worker is given: variables and bindings of wrangler.jsonc, and secrets.
 *
 * @module
 */
import type { D1Binding } from 'devicehub/sql'

/** Each is a text that `wrangler secret put NAME` asks for: the ones of the other worker. */
export const SECRETS = ['PEPPER', 'SESSION_KEY'] as const

/** The bindings by name. */
export type Env = Readonly<Record<(typeof SECRETS)[number], string>> & {
  readonly DB: D1Binding
  /** Where the broker listens for WebSockets. */
  readonly BROKER_URL: string
  /** The Durable Objects. */
  readonly LIVE: {
    idFromName(name: string): unknown
    get(id: unknown): { fetch(request: Request): Promise<Response> }
  }
}

/** @throws {Error} If something is missing. */
export function checkEnv(env: Env): void {
  const missing = [...SECRETS, 'DB', 'BROKER_URL', 'LIVE'].filter((name) => !(name in env))
  if (missing.length > 0) throw new Error(`Not set for this worker: ${missing.join(', ')}`)
}
