/**
 * Where the embedded broker runs.
 *
 * @module
 */
import { UnsupportedRuntimeError } from '../../src/base/errors.ts'

const FEATURE = 'The embedded broker'
const INSTEAD = 'run it on Node, Bun or Deno, or use a broker of its own such as Mosquitto'

/** @throws {UnsupportedRuntimeError} Anywhere but on Node, Bun and Deno. */
export function checkRuntime(): void {
  const { process, navigator } = globalThis as {
    process?: { versions?: { node?: string } }
    navigator?: { userAgent?: string }
  }
  // Told apart first, since it has a `process` of Node's kind.
  if (navigator?.userAgent === 'Cloudflare-Workers') {
    throw new UnsupportedRuntimeError(FEATURE, 'Cloudflare Workers', INSTEAD)
  }
  if (process?.versions?.node === undefined) {
    throw new UnsupportedRuntimeError(FEATURE, 'this runtime', INSTEAD)
  }
}
