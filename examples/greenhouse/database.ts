// database.ts
import { DatabaseSync } from 'node:sqlite'

export const database = new DatabaseSync(new URL('greenhouse.db', import.meta.url))
// Several programs use it: each waits for the others, 5,000 ms at most.
database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000')
