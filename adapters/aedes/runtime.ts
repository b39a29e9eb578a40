/**
 * Where the embedded broker runs.
 *
 * @module
 */
import { UnsupportedRuntimeError } from '../../src/base/errors.ts'

const FEATURE = 'The embedded broker'
const INSTEAD = 'run it on Node or Bun, or use a broker of its own such as Mosquitto'

/** @throws {UnsupportedRuntimeError} Anywhere but on Node and Bun. */
export function checkRuntime(): void {
  const { Deno, process, navigator } = globalThis as {
    Deno?: unknown
    process?: { versions?: { node?: string } }
    navigator?: { userAgent?: string }
  }
  // Under load its input was measured to be corrupted there.
  if (Deno !== undefined) throw new UnsupportedRuntimeError(FEATURE, 'Deno', INSTEAD)
  // Told apart first, since it has a `process` of Node's kind.
  if (navigator?.userAgent === 'Cloudflare-Workers') {
    throw new UnsupportedRuntimeError(FEATURE, 'Cloudflare Workers', INSTEAD)
  }
  if (process?.versions?.node === undefined) {
    throw new UnsupportedRuntimeError(FEATURE, 'this runtime', INSTEAD)
  }
}
