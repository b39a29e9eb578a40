/**
 * Tables. On a phone each row is a card, and stays a row to whoever has it read out.
 *
 * @module
 */
import { type Content, html, type View } from '../html.ts'

interface Props {
  /** What the table is, for whoever has it read out. */
  readonly label: string
  /** What stands above the columns. */
  readonly columns: readonly string[]
  readonly children: Content
  readonly isBusy?: boolean
  /** Which styles it has besides. */
  readonly kind?: string
}

/** A table. */
export function Table({ label, columns, children, isBusy = false, kind = '' }: Props): View {
  return html`<div class="table ${kind}">
    <table role="table" aria-label=${label} aria-busy=${isBusy}>
      <thead role="rowgroup">
        <tr role="row">
          ${columns.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody role="rowgroup">${children}</tbody>
    </table>
  </div>`
}

interface CellProps {
  /** That of its column, which a card shows. */
  readonly label: string
  readonly kind?: string
  readonly children: Content
}

/** A cell. */
export function Cell({ label, kind, children }: CellProps): View {
  return html`<td role="cell" data-label=${label} class=${kind}>${children}</td>`
}

interface EmptyProps {
  readonly title: string
  readonly children?: Content
}

/** What stands where there is nothing. */
export function Empty({ title, children }: EmptyProps): View {
  return html`<div class="empty"><strong>${title}</strong>${children}</div>`
}

interface PagerProps {
  readonly label: string
  readonly first: (() => void) | undefined
  readonly next: (() => void) | undefined
  readonly text: string
}

/** From one page to the next. A button that leads nowhere keeps the focus, which would be lost else. */
export function Pager({ label, first, next, text }: PagerProps): View {
  if (!first && !next) return html`<p class="pager muted">${text}</p>`
  return html`<nav class="pager" aria-label=${label}>
    <span class="pager-text muted">${text}</span>
    <button type="button" class="button" aria-disabled=${!first} onClick=${first}>First page</button>
    <button type="button" class="button" aria-disabled=${!next} onClick=${next}>Next page</button>
  </nav>`
}
