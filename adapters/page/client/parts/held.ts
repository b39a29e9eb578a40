/**
 * A table of what the page holds, a page at a time: so many rows as are read with little scrolling are drawn,
 * and the others are a button away.
 *
 * @module
 */
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { announce } from '../announce.ts'
import { timeText } from '../clock.ts'
import { html, type View } from '../html.ts'
import { Pager, Table } from './table.ts'

interface Props<T> {
  readonly label: string
  readonly columns: readonly string[]
  /** All that is held. */
  readonly items: readonly T[]
  readonly row: (item: T) => View
  /** Screens that a page is high at most: what is above the table takes up to half of one. */
  readonly screens: number
  /** When one came, in milliseconds since the Unix epoch. Where it is given, the newest is the first. */
  readonly at?: (item: T) => number
}

/**
 * The table. One whose newest row is the first stands as it is while somebody reads: while its top is scrolled
 * out of sight, something in a row has the focus, or an older page is shown.
 */
export function HeldTable<T>({ label, columns, items, row, screens, at }: Props<T>): View {
  const place = useRef<HTMLDivElement>(null)
  const shown = useRef(items)
  const [{ start }, setPage] = useState({ start: 0 }) // A new one each time: the first may be turned to anew.
  const [size, setSize] = useState(Infinity)
  if (!at || (start === 0 && !isRead(place.current))) shown.current = items
  const all = shown.current
  const begin = Math.max(0, Math.min(start, all.length - 1)) // A list that does not stand may get shorter.
  const rows = all.slice(begin, begin + size)
  // By what was drawn, before it is seen: a row is as high as its texts are long.
  useLayoutEffect(() => {
    const height = bottomsOf(place.current!).at(-1) ?? 0
    const most = screens * innerHeight
    if (height > 0 && height < most / 2 && rows.length === size) {
      setSize(Math.floor((size * most) / height))
    }
  }, [all, start]) // Once for what is there: the next row may be too high.
  useLayoutEffect(() => {
    const fitting = bottomsOf(place.current!).filter((bottom) => bottom <= screens * innerHeight)
    if (fitting.length < rows.length) setSize(Math.max(1, fitting.length))
  })
  const textOf = (from: number, to: number) => `${from + 1} to ${to} of ${all.length}`
  const turn = (to: number) => {
    setPage({ start: to })
    if (isPast(place.current!)) place.current!.scrollIntoView()
    announce(textOf(to, Math.min(to + size, all.length)))
  }
  const end = begin + rows.length
  const isStanding = all !== items
  const isWhole = rows.length === all.length && !isStanding
  return html`<div ref=${place}>
    <${Table} label=${label} columns=${columns}>${rows.map(row)}<//>
    ${
      !isWhole &&
      html`<${Pager}
        label=${`Pages of ${label}`}
        text=${`${textOf(begin, end)}${isStanding ? `, as of ${timeText(at!(all[0]!))}` : ''}`}
        first=${begin > 0 || isStanding ? () => turn(0) : undefined}
        next=${end < all.length ? () => turn(end) : undefined}
      />`
    }
  </div>`
}

/** Where each row ends, in pixels from where the first begins. */
function bottomsOf(place: HTMLElement): number[] {
  const body = place.querySelector('tbody')!
  const { top } = body.getBoundingClientRect()
  return [...body.rows].map((row) => row.getBoundingClientRect().bottom - top)
}

function isRead(place: HTMLElement | null): boolean {
  return place !== null && (isPast(place) || place.querySelector('tbody :focus') !== null)
}

/** Whether its top is above what is in sight. */
function isPast(place: HTMLElement): boolean {
  return place.getBoundingClientRect().top < -1 // Scrolled to, it may be there by a part of a pixel.
}
