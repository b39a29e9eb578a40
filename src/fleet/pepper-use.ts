/**
 * How many devices have passwords under which pepper: what tells whether an older one can be dropped.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import type { PepperMark, PepperMarks } from '../credential/pepper-mark.ts'
import type { DeviceRecord, DeviceStore } from '../device/store.ts'

/** Devices, by the marks of their passwords: one that has passwords of two counts for both. */
export type PepperUse = Readonly<Record<PepperMark, number>>

const PAGE = 1_000

/** Counts them, revoked ones too. Passwords that have ended do not count. Rejects as the store does. */
export async function countPeppers(
  store: Pick<DeviceStore, 'list'>,
  marks: PepperMarks,
): Promise<PepperUse> {
  const use = { first: 0, older: 0, unmarked: 0, unknown: 0 }
  let cursor: string | undefined
  do {
    const page = await store.list({ limit: PAGE, ...(cursor !== undefined && { cursor }) })
    for (const record of page.records) {
      for (const mark of marksOf(record, marks)) use[mark]++
    }
    cursor = page.cursor
  } while (cursor !== undefined)
  return use
}

function marksOf({ credentials }: DeviceRecord, marks: PepperMarks): ReadonlySet<PepperMark> {
  const now = clock().date()
  const found = new Set<PepperMark>()
  for (const { hash, notAfter } of credentials) {
    const mark = marks(hash)
    if (mark && (notAfter === undefined || now < notAfter)) found.add(mark)
  }
  return found
}
