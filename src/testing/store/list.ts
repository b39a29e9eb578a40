/**
 * Reading listings.
 *
 * @module
 */
import type { DeviceQuery, DeviceRecord, DeviceStore } from '../../device/store.ts'
import * as assert from '../assert.ts'

/** A listing, page by page. */
export async function* pagesOf(
  store: DeviceStore,
  query: DeviceQuery,
): AsyncGenerator<readonly DeviceRecord[]> {
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ ...query, ...(cursor !== undefined && { cursor }) })
    assert.ok(page.records.length <= (query.limit ?? 100))
    yield page.records
    cursor = page.cursor
    if (cursor === undefined) return
  }
}

/** Reads a listing to its end. */
export async function readAll(
  store: DeviceStore,
  query: DeviceQuery = {},
): Promise<DeviceRecord[]> {
  const seen: DeviceRecord[] = []
  for await (const records of pagesOf(store, query)) seen.push(...records)
  return seen
}
