/**
 * How many rows a page has that is loaded: it is asked for before any is drawn.
 *
 * @module
 */

/** Pixels that a row is high, and on a phone its card; as the styles have them. */
interface Heights {
  readonly row: number
  readonly card: number
}

/** Most rows of a page: of devices, as many are watched. */
const MAX_SIZE = 50

/**
 * As many rows as so many screens have. Where what is above the table takes less than a third of one, two
 * screens have at most three times what is in sight; where it takes half, one and a half do.
 */
export function pageSize(screens: number, { row, card }: Heights): number {
  const height = matchMedia('(max-width: 640px)').matches ? card : row
  return Math.min(MAX_SIZE, Math.floor(screens * Math.ceil(innerHeight / height)))
}
