/**
 * Adds devices to a store, a thousand at a time, until it is killed or done: what the test of a kill runs.
 * A line on standard output says how many there are after each thousand.
 *
 * @module
 */
import process from 'node:process'
import { sqlStore } from '../../adapters/sql/index.ts'
import { record } from '../../src/testing/store/record.ts'
import { openDatabase } from './own-database.ts'

const [driver = '', where = '', count = '0'] = process.argv.slice(2)
const { executor, close } = await openDatabase(driver, where)
const { insertMany } = sqlStore(executor)
for (let from = 0; from < Number(count); from += 1_000) {
  await insertMany(Array.from({ length: 1_000 }, (_, i) => record('pump', `P-${from + i}`)))
  console.log(from + 1_000)
}
await close()
