/**
 * Expiring keys in a table. They end by the clock of the database, which all processes share.
 *
 * @module
 */
import type { ExpiringKeys } from '../../src/base/expiring-keys.ts'
import { checkKey, checkLifetime, checkValue } from '../../src/base/key-bounds.ts'
import type { SqlExecutor } from './executor.ts'
import { NOW } from './now.ts'
import type { Run } from './statements.ts'

/** After so many writes those that have ended are removed. */
const WRITES_PER_SWEEP = 1_000

/** The expiring keys of a database. Each method rejects with a `TypeError` beyond the bounds of the contract. */
export function sqlKeys(run: Run, dialect: SqlExecutor['dialect']): ExpiringKeys {
  const now = NOW[dialect]
  const get = `SELECT value FROM devicehub_keys WHERE name = ? AND ends_at > ${now}`
  const put = `INSERT INTO devicehub_keys (name, value, ends_at) VALUES (?, ?, ${now} + ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, ends_at = excluded.ends_at`
  const putIfAbsent = `${put} WHERE devicehub_keys.ends_at <= ${now} RETURNING name`
  const change = `UPDATE devicehub_keys SET value = ?, ends_at = ${now} + ?
WHERE name = ? AND value = ? AND ends_at > ${now} RETURNING name`
  const sweep = `DELETE FROM devicehub_keys WHERE ends_at <= ${now}`
  let writes = 0

  async function count(): Promise<void> {
    if (++writes % WRITES_PER_SWEEP === 0) await run(sweep)
  }

  return {
    async get(key) {
      checkKey(key)
      const [row] = await run(get, key)
      return row && `${row.value}`
    },

    async set(key, value, lifetime) {
      checkKey(key)
      checkValue('value', value)
      checkLifetime(lifetime)
      await run(put, key, value, lifetime)
      await count()
    },

    async setIfAbsent(key, value, lifetime) {
      checkKey(key)
      checkValue('value', value)
      checkLifetime(lifetime)
      const [row] = await run(putIfAbsent, key, value, lifetime)
      await count()
      return row !== undefined
    },

    async compareAndSet(key, expected, value, lifetime) {
      checkKey(key)
      checkValue('expected value', expected)
      checkValue('value', value)
      checkLifetime(lifetime)
      const [row] = await run(change, value, lifetime, key, expected)
      await count()
      return row !== undefined
    },
  }
}
