/**
 * How many rows of tables are drawn, and how many of them are in sight.
 *
 * @module
 */
import type { Driver } from './driver.ts'

/** Rows of the tables of a view. */
export interface Rows {
  readonly rows: number
  /** Those of which a part is in the window. */
  readonly inSight: number
}

/** Counts them as they are now. */
export async function rowsOf({ page }: Driver): Promise<Rows> {
  return (await page.evaluate(ROWS)) as Rows
}

const ROWS = `(() => {
  const rows = [...document.querySelectorAll('main tbody tr')]
  // On a phone the ways to the views are in front of the last.
  const { top: end } = document.querySelector('.side nav').getBoundingClientRect()
  const bottom = end > 0 && innerWidth < 640 ? end : innerHeight
  const inSight = rows.filter((row) => {
    const place = row.getBoundingClientRect()
    return place.bottom > 0 && place.top < bottom
  })
  return { rows: rows.length, inSight: inSight.length }
})()`
