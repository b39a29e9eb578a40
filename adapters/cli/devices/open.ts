/**
 * The fleet that the command line names.
 *
 * @module
 */
import { CommandFailure, exitCode } from '../failure.ts'
import { type DirectOptions, openDirect } from './direct.ts'
import type { OperatedFleet } from './operated.ts'
import { openRemote, type RemoteFleet } from './remote.ts'
import { findSecret } from './secret.ts'

/** Which fleet. */
export interface PlaceOptions extends DirectOptions {
  /** Where a running service has the routes of `devicehub/admin`. */
  readonly url?: string
  /** A file that holds its secret. */
  readonly secretFile?: string
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/

/**
 * Does something with a fleet, and closes what was opened for it.
 *
 * @param use To `read` alone, or to `change` it.
 * @throws {CommandFailure} If there is none.
 */
export async function withFleet<T>(
  options: PlaceOptions,
  use: 'read' | 'change',
  work: (fleet: OperatedFleet) => Promise<T>,
): Promise<T> {
  const fleet = await open(options, use)
  try {
    return await work(fleet)
  } finally {
    fleet.close()
  }
}

async function open(options: PlaceOptions, use: 'read' | 'change'): Promise<OperatedFleet> {
  const { url, secretFile, config, store } = options
  if (url === undefined) {
    if (secretFile !== undefined) throw misused('--secret-file is of --url')
    return openDirect(options, use)
  }
  if (config !== undefined) throw misused('--config and --url: one of them')
  if (store !== undefined) throw misused('--store and --url: one of them')
  return openService(url, secretFile)
}

/** The fleet of a running service. @throws {CommandFailure} If its address or its secret is none. */
export async function openService(
  url: string,
  secretFile: string | undefined,
): Promise<RemoteFleet> {
  return openRemote(readUrl(url), await findSecret(secretFile))
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // Not repeated: it may hold a password.
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw misused('--url must be a URL such as https://example.com/admin')
  }
  if (url.username || url.password || url.search || url.hash) {
    throw misused('--url must have no login, query or fragment')
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw misused('--url must be https: the secret would be sent in the clear')
  }
  return url
}

function misused(problem: string): CommandFailure {
  return new CommandFailure(exitCode.misused, problem)
}
