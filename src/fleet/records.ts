/**
 * Changing records, on what other writers wrote in between.
 *
 * @module
 */
import { DeviceUnknownError, hasCode, RevisionConflictError } from '../base/errors.ts'
import type { DeviceRecord, DeviceStore } from '../device/store.ts'

const MAX_TRIES = 5

/** The records of one fleet. */
export class Records {
  readonly #store: DeviceStore
  readonly #forget: (username: string) => void

  /** @param forget Has the next question about a user name read the store. */
  constructor(store: DeviceStore, forget: (username: string) => void) {
    this.#store = store
    this.#forget = forget
  }

  /** Reads one. @throws {DeviceUnknownError} If there is none. */
  async read(type: string, id: string): Promise<DeviceRecord> {
    const record = await this.#store.get(type, id)
    if (!record) throw new DeviceUnknownError(type, id)
    return record
  }

  /**
   * Writes a change of a record, and again on what another writer wrote in between. Returns the
   * record that was changed, as it was before.
   *
   * @param change Makes the new record, or `undefined` where there is nothing to write.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {RevisionConflictError} If other writers were in between each time.
   */
  async rewrite(
    type: string,
    id: string,
    change: (record: DeviceRecord) => DeviceRecord | undefined,
  ): Promise<DeviceRecord> {
    for (let tries = 1; ; tries++) {
      const record = await this.read(type, id)
      try {
        const changed = change(record)
        if (changed) await this.#store.update(changed)
        return record
      } catch (error) {
        if (!hasCode(error, 'ERR_REVISION_CONFLICT') || tries === MAX_TRIES) throw error
      } finally {
        // After a failure as well: it may have been written, or somebody else revoked the device.
        this.#forget(record.username)
      }
    }
  }

  /**
   * Removes a revoked record, and tries again where another writer was in between. Returns it.
   *
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {RevisionConflictError} If other writers were in between each time, or one of them took
   * the revocation back; nothing is removed.
   */
  async remove(type: string, id: string): Promise<DeviceRecord> {
    for (let tries = 1; ; tries++) {
      const record = await this.read(type, id)
      if (!record.revoked) throw new RevisionConflictError(type, id)
      try {
        await this.#store.delete(type, id, record.revision)
        return record
      } catch (error) {
        if (!hasCode(error, 'ERR_REVISION_CONFLICT') || tries === MAX_TRIES) throw error
      } finally {
        this.#forget(record.username)
      }
    }
  }
}
