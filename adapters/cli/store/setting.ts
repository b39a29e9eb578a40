/**
 * A store as a configuration or the command line names it, and the store that it is.
 *
 * @module
 */
import { isAbsolute, join } from 'node:path'
import { ConfigError } from '../../../src/base/errors.ts'
import type { DeviceStore } from '../../../src/device/store.ts'
import { makeSqliteFile, openSqliteFile } from './sqlite-file.ts'

/** A file of SQLite, as it is called in messages, or a store of the user's own making. */
export type StoreSetting = { readonly file: string } | { readonly own: DeviceStore }

/** A store that can be used. */
export interface OpenedStore {
  readonly store: DeviceStore
  /** Closes what was opened for it: a store of the user's own making stays open. */
  close(): void
}

const METHODS: readonly (keyof DeviceStore)[] = [
  'get',
  'findByUsername',
  'insert',
  'update',
  'delete',
  'list',
]

/**
 * Reads the key `store`.
 *
 * @param folder The path of a file is relative to it.
 * @throws {ConfigError} If it is neither a path nor a store.
 */
export function readStore(store: unknown, folder: string): StoreSetting {
  if (typeof store === 'string') {
    // Not repeated: the URL of a database holds its password.
    if (store !== '' && !store.includes('://'))
      return { file: isAbsolute(store) ? store : join(folder, store) }
  } else if (isStore(store)) return { own: store }
  const known = 'the path of a SQLite file, or a store such as sqlStore of devicehub/sql makes'
  throw new ConfigError('store', `must be ${known}`)
}

/**
 * Opens a store.
 *
 * @param use To `read` what is there, or to `make` the file where there is none.
 * @throws {CommandFailure} If it is a file that cannot be opened.
 */
export async function openStore(setting: StoreSetting, use: 'read' | 'make'): Promise<OpenedStore> {
  if ('own' in setting) return { store: setting.own, close() {} }
  return use === 'read' ? openSqliteFile(setting.file) : makeSqliteFile(setting.file)
}

// By its shape: the user's module may have loaded a copy of this library of its own.
function isStore(value: unknown): value is DeviceStore {
  if (typeof value !== 'object' || value === null) return false
  return METHODS.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}
