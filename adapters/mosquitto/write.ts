/**
 * Writing files that a Mosquitto reads, and telling it to read them again.
 *
 * @module
 */
import type { FileHandle } from 'node:fs/promises'
import { ConfigError, DeviceHubError } from '../../src/errors.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { mosquittoFiles } from './files.ts'
import type { LoginFinding } from './finding.ts'

/** A Mosquitto to be told, on this machine: its process, or the file of its setting `pid_file`. */
export type MosquittoProcess =
  | { readonly pid: number; readonly pidFile?: undefined }
  | { readonly pidFile: string; readonly pid?: undefined }

/** What {@link writeMosquittoFiles} takes. */
export interface WriteFilesOptions {
  /** Path of the `password_file`. Its folder must be there. */
  readonly passwordFile: string
  /** Path of the `acl_file`. */
  readonly aclFile: string
  /** Who is sent SIGHUP when a file was changed. Default: nobody. */
  readonly reload?: MosquittoProcess
}

/** What {@link writeMosquittoFiles} did. */
export interface WrittenFiles {
  /** Whether a file was replaced. If not, nobody was told. */
  readonly changed: boolean
  /** How many logins the files have. */
  readonly logins: number
  readonly findings: readonly LoginFinding[]
}

/** The files are written, but Mosquitto could not be told to read them. */
export class MosquittoReloadError extends DeviceHubError {
  override readonly name = 'MosquittoReloadError'
  readonly code = 'ERR_MOSQUITTO_RELOAD'
}

/**
 * Writes both files from a fleet, as {@link mosquittoFiles} says, and has Mosquitto read them.
 *
 * Each file is written beside its path and then takes the place of what is there, with the mode 0600
 * and the owner of the file that was there, or else of the other one. If anything fails before that, both stay as they were.
 *
 * @throws {ConfigError} If the process id is none.
 * @throws {MosquittoReloadError} If Mosquitto could not be told.
 * @throws The error of the file system.
 */
export async function writeMosquittoFiles(
  fleet: Fleet,
  { passwordFile, aclFile, reload }: WriteFilesOptions,
): Promise<WrittenFiles> {
  const [passwords, acl] = [new Replacement(passwordFile), new Replacement(aclFile)]
  const findings: LoginFinding[] = []
  let logins = 0
  let changed = false
  try {
    await passwords.open()
    await acl.open()
    for await (const part of mosquittoFiles(fleet)) {
      await passwords.append(part.passwords)
      await acl.append(part.acl)
      logins += part.logins
      findings.push(...part.findings)
    }
    await passwords.finish(aclFile)
    await acl.finish(passwordFile)
    // Who is named in the second file alone cannot log in yet.
    changed = await acl.commit()
    changed = (await passwords.commit()) || changed
  } finally {
    await passwords.discard()
    await acl.discard()
  }
  if (changed && reload) await sendHangup(reload)
  return { changed, logins, findings }
}

/** A file that takes another one's place when it is whole. */
class Replacement {
  readonly #path: string
  readonly #draft: string
  #file: FileHandle | undefined

  constructor(path: string) {
    this.#path = path
    this.#draft = `${path}.${crypto.randomUUID()}.new`
  }

  async open(): Promise<void> {
    const { open } = await import('node:fs/promises')
    this.#file = await open(this.#draft, 'wx', 0o600)
  }

  async append(text: string): Promise<void> {
    if (text !== '') await this.#file!.writeFile(text)
  }

  /**
   * Makes it ready to take the place.
   *
   * @param other The file beside it: what is read by the same user has the same owner.
   */
  async finish(other: string): Promise<void> {
    const { stat } = await import('node:fs/promises')
    const before =
      (await stat(this.#path).catch(ignoreMissing)) ?? (await stat(other).catch(ignoreMissing))
    const own = await this.#file!.stat()
    // Else a Mosquitto of its own user could not read what is written as another.
    if (before && (before.uid !== own.uid || before.gid !== own.gid)) {
      await this.#file!.chown(before.uid, before.gid)
    }
    await this.#file!.sync()
    await this.#file!.close()
    this.#file = undefined
  }

  /** Takes the place. @returns Whether that changes anything. */
  async commit(): Promise<boolean> {
    const { readFile, rename } = await import('node:fs/promises')
    const before = await readFile(this.#path).catch(ignoreMissing)
    if (before?.equals(await readFile(this.#draft))) return false
    await rename(this.#draft, this.#path)
    return true
  }

  /** Removes what has not taken the place. */
  async discard(): Promise<void> {
    const { rm } = await import('node:fs/promises')
    await this.#file?.close()
    await rm(this.#draft, { force: true })
  }
}

function ignoreMissing(error: Error & { code?: string }): undefined {
  if (error.code !== 'ENOENT') throw error
}

async function sendHangup({ pid, pidFile }: MosquittoProcess): Promise<void> {
  const [{ readFile }, process] = await Promise.all([
    import('node:fs/promises'),
    import('node:process'),
  ])
  let id = pid
  try {
    if (pidFile !== undefined) id = Number((await readFile(pidFile, 'utf8')).trim())
  } catch (cause) {
    throw new MosquittoReloadError(`The pid file ${pidFile} cannot be read`, { cause })
  }
  // 0 and negative numbers mean groups of processes, and 1 is the machine's first.
  if (id === undefined || !Number.isSafeInteger(id) || id < 2) {
    throw new ConfigError('reload', 'must be the id of a process, or a file that holds it')
  }
  try {
    process.default.kill(id, 'SIGHUP')
  } catch (cause) {
    throw new MosquittoReloadError(`Process ${id} could not be sent SIGHUP`, { cause })
  }
}
