// store.ts
import { sqlite, sqlStore } from 'devicehub/sql'
import { database } from './database.ts'

export const store = sqlStore(sqlite(database))
await store.migrate() // makes its tables, the first time
