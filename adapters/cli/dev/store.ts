/**
 * Where `devicehub dev` keeps its devices.
 *
 * @module
 */
import { memoryStore } from '../../../src/device/memory-store.ts'
import type { Settings } from '../settings/load.ts'
import { type OpenedStore, openStore } from '../store/setting.ts'
import { describeSqlite, fileFailure } from '../store/sqlite-file.ts'
import { hasTables } from '../store/tables.ts'

/** An open store, and what it is in words. */
export interface DevStore extends OpenedStore {
  readonly description: string
  /** Whether the next run has the devices of this one. */
  readonly isLasting: boolean
}

/**
 * Opens the file asked for, or else the store that the configuration has beside its device types, or
 * else one in memory. The store of the team's own fleet is never used: simulated devices would be in it.
 *
 * @throws {CommandFailure} If it is a file that cannot be used.
 */
export async function openDevStore(
  asked: string | undefined,
  settings: Settings | undefined,
): Promise<DevStore> {
  const setting = asked === undefined ? settings?.store : { file: asked }
  if (!setting) {
    const description = 'in memory, until this ends; --store FILE keeps the devices'
    return { store: memoryStore(), close() {}, description, isLasting: false }
  }
  const opened = await openStore(setting, 'make')
  if ('own' in setting) {
    return { ...opened, description: 'that of the configuration', isLasting: true }
  }
  const { file } = setting
  try {
    if (hasTables(opened.store)) await opened.store.migrate()
  } catch (cause) {
    throw fileFailure(file, describeSqlite(cause), cause)
  }
  return { ...opened, description: file, isLasting: true }
}
