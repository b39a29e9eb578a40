// store.ts
import type { DatabaseSync } from 'node:sqlite'
import { DeviceExistsError, type DeviceStore, RevisionConflictError } from 'devicehub'

export function sqliteStore(database: DatabaseSync): DeviceStore {
  database.exec(`CREATE TABLE IF NOT EXISTS device (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL, id TEXT NOT NULL, username TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL, record TEXT NOT NULL, UNIQUE (type, id)
  ) STRICT`)
  const byId = database.prepare('SELECT * FROM device WHERE type = ? AND id = ?')
  const byUsername = database.prepare('SELECT * FROM device WHERE username = ?')
  const page = database.prepare('SELECT * FROM device WHERE place > ? ORDER BY place LIMIT ?')
  const insert = database.prepare(`INSERT INTO device (type, id, username, revision, record)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
  const update = database.prepare(`UPDATE device SET record = ?, revision = revision + 1
    WHERE type = ? AND id = ? AND revision = ?`)
  const remove = database.prepare('DELETE FROM device WHERE type = ? AND id = ? AND revision = ?')

  type Row = ReturnType<typeof byId.get>
  const read = (row: Row) => row && { ...JSON.parse(`${row.record}`), username: row.username }

  return {
    filters: [],
    async get(type, id) {
      return read(byId.get(type, id))
    },
    async findByUsername(username) {
      return read(byUsername.get(username))
    },
    async insert(record) {
      const { type, id, username, revision } = record
      if (insert.run(type, id, username, revision, JSON.stringify(record)).changes === 1) return
      throw new DeviceExistsError(type, id, byId.get(type, id) ? 'device id' : 'user name')
    },
    async update(record) {
      const { type, id, revision } = record
      if (update.run(JSON.stringify(record), type, id, revision - 1).changes === 1) return
      throw new RevisionConflictError(type, id)
    },
    async delete(type, id, revision) {
      if (remove.run(type, id, revision).changes === 1) return
      throw new RevisionConflictError(type, id)
    },
    async list({ cursor = '0', limit = 100 } = {}) {
      if (!/^\d{1,15}$/.test(cursor)) throw new TypeError('The cursor is none of this store')
      const rows = page.all(Number(cursor), limit)
      const records = rows.map(read)
      return rows.length < limit ? { records } : { records, cursor: `${rows.at(-1)?.place}` }
    },
  }
}
