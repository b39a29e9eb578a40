/**
 * Whether the store answers, and has the tables of this version.
 *
 * @module
 */
import { withinDeadline } from '../../../../src/base/deadline.ts'
import { firstLine } from '../../failure.ts'
import type { Settings } from '../../settings/load.ts'
import { openStore, type StoreSetting } from '../../store/setting.ts'
import { describeSqlite } from '../../store/sqlite-file.ts'
import { hasTables } from '../../store/tables.ts'
import type { Found, Report } from '../report.ts'

const ANSWER_LIMIT_MS = 10_000

/** Makes the check. Returns whether the store can be used. */
export async function checkStore(report: Report, settings: Settings): Promise<boolean> {
  const setting = findStore(settings)
  if (!setting) {
    report.skip('store', 'store', 'the configuration has none: every device counts as provisioned')
    return true
  }
  return report.check('store', 'store', (found) => look(setting, found))
}

function findStore({ store, fleet, isFleetGiven }: Settings): StoreSetting | undefined {
  return store ?? (isFleetGiven ? { own: fleet.store } : undefined)
}

async function look(setting: StoreSetting, found: Found): Promise<void> {
  const unreachable = (error: unknown) =>
    found(
      'store-unreachable',
      describeSqlite(error),
      'start the database, or mend what the store is given to reach it',
    )
  try {
    const { store, close } = await openStore(setting, 'read')
    try {
      await answer(async () => {
        if (hasTables(store)) {
          const { version, expected } = await store.status()
          if (version !== expected) return tellVersion(version, expected, found)
        }
        await store.list({ limit: 1 })
      })
    } finally {
      close()
    }
  } catch (error) {
    unreachable(new Error(firstLine(error)))
  }
}

function tellVersion(version: number, expected: number, found: Found): void {
  const text = `its tables are of version ${version}, and this program works with ${expected}`
  const mend = version < expected ? 'run devicehub store migrate' : 'run the newer devicehub'
  found('store-schema', text, mend)
}

function answer(work: () => Promise<unknown>): Promise<unknown> {
  return withinDeadline(ANSWER_LIMIT_MS, work, undefined, 'answer')
}
