/**
 * The process of a Mosquitto on this machine: who it runs as, and having it read its files again.
 *
 * @module
 */
import { AdapterError, ConfigError } from '../../src/base/errors.ts'

/** A Mosquitto to be told, on this machine: its process, or the file of its setting `pid_file`. */
export type MosquittoProcess =
  | { readonly pid: number; readonly pidFile?: undefined }
  | { readonly pidFile: string; readonly pid?: undefined }

/**
 * Mosquitto could not be told to read its files, which are written; or it could not have read them,
 * and then nothing was changed and it was not told.
 */
export class MosquittoReloadError extends AdapterError {
  override readonly name = 'MosquittoReloadError'
  readonly code = 'ERR_MOSQUITTO_RELOAD'
}

/** Who a process runs as. */
export interface ProcessUser {
  readonly uid: number
  readonly gid: number
  /** Its groups, the first one too. */
  readonly groups: readonly number[]
}

/** What counts of a file for who may read it. */
export interface FileOwner {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** Whether a user may read a file. Source: POSIX, "File Access Permissions". */
export function mayRead(user: ProcessUser, { uid, gid, mode }: FileOwner): boolean {
  if (user.uid === 0) return true
  if (user.uid === uid) return (mode & 0o400) !== 0
  return (mode & (user.groups.includes(gid) ? 0o040 : 0o004)) !== 0
}

/** Who Mosquitto runs as. `undefined` if that cannot be seen: it does not run, or not on Linux. */
export async function findUser(mosquitto: MosquittoProcess): Promise<ProcessUser | undefined> {
  const { readFile } = await import('node:fs/promises')
  let status: string
  try {
    status = await readFile(`/proc/${await readId(mosquitto)}/status`, 'utf8')
  } catch {
    return undefined
  }
  // Real, effective, saved and of the file system. Source: proc_pid_status(5).
  const numbers = (key: string) =>
    (new RegExp(`^${key}:(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/).map(Number)
  const [[, uid], [, gid]] = [numbers('Uid'), numbers('Gid')]
  if (uid === undefined || gid === undefined) return undefined
  return { uid, gid, groups: [gid, ...numbers('Groups')] }
}

/**
 * Has it read its files again.
 *
 * @throws {ConfigError} If the process id is none.
 * @throws {MosquittoReloadError} If it cannot be told.
 */
export async function sendHangup(mosquitto: MosquittoProcess): Promise<void> {
  const { default: process } = await import('node:process')
  const id = await readId(mosquitto)
  // 0 and negative numbers mean groups of processes, and 1 is the machine's first.
  if (!Number.isSafeInteger(id) || id < 2) {
    throw new ConfigError('reload', 'must be the id of a process, or a file that holds it')
  }
  try {
    process.kill(id, 'SIGHUP')
  } catch (cause) {
    throw new MosquittoReloadError(`Process ${id} could not be sent SIGHUP`, { cause })
  }
}

async function readId({ pid, pidFile }: MosquittoProcess): Promise<number> {
  if (pidFile === undefined) return pid
  const { readFile } = await import('node:fs/promises')
  try {
    return Number((await readFile(pidFile, 'utf8')).trim())
  } catch (cause) {
    throw new MosquittoReloadError(`The pid file ${pidFile} cannot be read`, { cause })
  }
}
