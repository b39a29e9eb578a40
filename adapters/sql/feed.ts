/**
 * What processes tell each other, by `NOTIFY` of PostgreSQL.
 *
 * @module
 */
import type { ChangeFeed } from '../../src/base/change-feed.ts'
import type { SqlExecutor } from './executor.ts'
import type { Run } from './statements.ts'

// A database has its channels for all schemas together, and a schema has one table of this name: those
// that share it are those that are told.
const CHANNEL = "'devicehub_' || 'devicehub_devices'::regclass::oid::text"
const NAME = `SELECT ${CHANNEL} AS channel`
const NOTIFY = `SELECT pg_notify(${CHANNEL}, ?)`

/** The feed of a database; `undefined` where nobody can listen. */
export function sqlFeed(run: Run, { listen }: SqlExecutor): ChangeFeed | undefined {
  if (!listen) return undefined
  return {
    async publish(text) {
      await run(NOTIFY, text)
    },
    async listen(onText, onLost) {
      const [row] = await run(NAME)
      return listen(`${row!.channel}`, onText, onLost)
    },
  }
}
