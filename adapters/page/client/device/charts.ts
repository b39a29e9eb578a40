/**
 * The numbers of a device as they come, each with its unit.
 *
 * @module
 */
import { useComputed } from '@preact/signals'
import type { FieldView } from '../../wire.ts'
import { html, type View } from '../html.ts'
import { Chart } from './chart.ts'
import type { Points, Series } from './series.ts'

/** Charts that are drawn. */
const MAX_CHARTS = 12

interface Props {
  /** The numbers that the type declares. */
  readonly fields: readonly FieldView[]
  readonly series: Series
}

/** A chart for each number: those that the type declares, and whatever else was sent. */
export function Charts({ fields, series }: Props): View {
  const shown = series.paths.value.slice(0, MAX_CHARTS)
  const fieldOf = (path: string) => fields.find((field) => field.path === path) ?? { path }
  return html`<section class="panel" aria-labelledby="charts">
    <header class="panel-head"><h2 id="charts">Data</h2><span class="muted">while you look</span></header>
    ${shown.length === 0 && html`<p class="muted">Its type declares no numbers, and it sent none yet.</p>`}
    <div class="charts">
      ${shown.map((path) => html`<${Field} key=${path} field=${fieldOf(path)} points=${series.of(path)} />`)}
    </div>
  </section>`
}

interface FieldProps {
  readonly field: FieldView
  readonly points: Points
}

function Field({ field, points }: FieldProps): View {
  const { path, title = path, unit = '', description } = field
  return html`<figure class="chart">
    <figcaption>
      <span title=${description ?? path}>${title}</span>
      <${Newest} points=${points} unit=${unit} />
    </figcaption>
    <${Chart} points=${points} label=${`${title}${unit && ` in ${unit}`}`} />
  </figure>`
}

/** The newest of the numbers, and between what they are: of it the words alone are drawn again. */
function Newest({ points, unit }: { readonly points: Points; readonly unit: string }): View {
  const isThere = useComputed(() => points.added.value > 0)
  const newest = useComputed(() => points.added.value > 0 && numberText(points.values.at(-1)!))
  const range = useComputed(() => {
    if (points.added.value === 0) return ''
    const { values } = points
    return [Math.min(...values), Math.max(...values)].map(numberText).join(' to ')
  })
  if (!isThere.value) return html`<span class="muted">waiting</span>`
  return html`<span><b>${newest}</b> ${unit} <small class="muted" title="Least and most while you look">${range}</small></span>`
}

/** Four digits that count say all that a chart is looked at for. */
function numberText(value: number): string {
  return String(Number(value.toPrecision(4)))
}
