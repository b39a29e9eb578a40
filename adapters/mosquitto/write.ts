/**
 * Writing files that a Mosquitto reads, and telling it to read them again.
 *
 * @module
 */
import type { FileHandle } from 'node:fs/promises'
import { ConfigError } from '../../src/base/errors.ts'
import { checkOptions } from '../../src/base/options.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { mosquittoFileParts } from './files.ts'
import type { LoginFinding } from './finding.ts'
import {
  findUser,
  type MosquittoProcess,
  MosquittoReloadError,
  mayRead,
  type ProcessUser,
  sendHangup,
} from './reload.ts'

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

/**
 * Writes both files from a fleet, as {@link mosquittoFileParts} says, and has Mosquitto read them.
 *
 * Each file is written beside its path and then takes the place of what is there, whole. Its owner,
 * group and mode are those of the file that was there, else of the other one. Where there is none
 * the mode is 0600, and what root writes is given to the user of the Mosquitto that is to be told.
 *
 * Where it can be seen who that Mosquitto runs as (on Linux, while it runs) and that user could not
 * read a file, nothing is changed: Mosquitto 2.1 ends when it reads a file again that it cannot, and
 * 2.0 goes on without any access rules.
 *
 * If anything fails before the files take their places, both stay as they were.
 *
 * @throws {ConfigError} If a path or the process id is none, or an option is unknown.
 * @throws {MosquittoReloadError} If Mosquitto could not be told, or could not read the files.
 * @throws The error of the file system.
 */
export async function writeMosquittoFiles(
  fleet: Fleet,
  options: WriteFilesOptions,
): Promise<WrittenFiles> {
  checkOptions(options, { passwordFile: true, aclFile: true, reload: true })
  const { passwordFile, aclFile, reload } = options
  for (const [key, path] of Object.entries({ passwordFile, aclFile })) {
    if (typeof path !== 'string' || path === '') throw new ConfigError(key, 'must be a path')
  }
  const [passwords, acl] = [new Replacement(passwordFile), new Replacement(aclFile)]
  const reader = reload && (await findUser(reload))
  const findings: LoginFinding[] = []
  let logins = 0
  let changed = false
  try {
    await passwords.open()
    await acl.open()
    for await (const part of mosquittoFileParts(fleet)) {
      await passwords.append(part.passwords)
      await acl.append(part.acl)
      logins += part.logins
      findings.push(...part.findings)
    }
    await passwords.finish(aclFile, reader)
    await acl.finish(passwordFile, reader)
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
   * @param reader Who is going to read it, if that is known.
   * @throws {MosquittoReloadError} If the reader could not.
   */
  async finish(other: string, reader: ProcessUser | undefined): Promise<void> {
    const { stat } = await import('node:fs/promises')
    const file = this.#file!
    const before =
      (await stat(this.#path).catch(ignoreMissing)) ?? (await stat(other).catch(ignoreMissing))
    let own = await file.stat()
    const owner = before ?? (own.uid === 0 ? reader : undefined)
    // Else a Mosquitto of its own user could not read what is written as another.
    if (owner && (owner.uid !== own.uid || owner.gid !== own.gid)) {
      await file.chown(owner.uid, owner.gid)
    }
    if (before) await file.chmod(before.mode & 0o777)
    own = await file.stat()
    if (reader && !mayRead(reader, own)) {
      const problem = `${this.#path} would be a file of user ${own.uid} that Mosquitto, which runs as ${reader.uid}, cannot read`
      const remedy = 'give it the file that is there, or write as its user'
      throw new MosquittoReloadError(`${problem}: ${remedy}. Nothing was changed`)
    }
    await file.sync()
    await file.close()
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
