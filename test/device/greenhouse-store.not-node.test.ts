/**
 * The store of the tutorial, over SQLite. Node has that from version 22.13 on.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import { sqliteStore } from '../../examples/greenhouse/store.ts'
import { storeConforms } from './store-suite.ts'

storeConforms('the greenhouse', async () => {
  const database = new DatabaseSync(':memory:')
  return { store: sqliteStore(database), close: async () => database.close() }
})
