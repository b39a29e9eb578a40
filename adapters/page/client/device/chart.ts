/**
 * A line over time, drawn by uPlot, which is loaded when the first is drawn.
 *
 * @module
 */
import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type Plot from 'uplot'
import { now, timeText } from '../clock.ts'
import { html, type View } from '../html.ts'
import type { Points } from './series.ts'

const HEIGHT = 110
/** Seconds that are seen at least. */
const SPAN = 60

interface Props {
  readonly points: Points
  readonly label: string
}

/** A chart. What it shows stands beside it as text, for whoever does not see it. */
export function Chart({ points, label }: Props): View {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot>(undefined)
  useEffect(() => {
    const element = place.current!
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    let isOver = false
    const draw = async () => {
      const { default: UPlot } = await import('uplot')
      if (isOver) return
      plot.current?.destroy()
      plot.current = new UPlot(optionsOf(element), dataOf(points), element)
    }
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    )
    resized.observe(element)
    scheme.addEventListener('change', draw) // A canvas takes its colours once.
    void draw()
    return () => {
      isOver = true
      resized.disconnect()
      scheme.removeEventListener('change', draw)
      plot.current?.destroy()
    }
  }, [])
  useSignalEffect(() => {
    if (points.added.value > 0) plot.current?.setData(dataOf(points))
  })
  return html`<div class="plot" ref=${place} role="img" aria-label=${`Chart of ${label}`}></div>`
}

function dataOf({ times, values }: Points): Plot.AlignedData {
  return [times, values]
}

function optionsOf(element: HTMLElement): Plot.Options {
  const style = getComputedStyle(element)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis: Plot.Axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  }
  return {
    width: element.clientWidth,
    height: HEIGHT,
    pxAlign: false,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: (_, min, max) => rangeOf(min, max) },
    },
    axes: [
      {
        ...axis,
        size: 22,
        space: 75,
        values: (_, splits) => splits.map((at) => timeText(at * 1_000)),
      },
      { ...axis, size: 44, space: 20 },
    ],
    series: [{}, { stroke: colour('--accent'), width: 1.5, points: { show: false } }],
  }
}

/** The newest at the right. */
function rangeOf(min: number | null, max: number | null): [number, number] {
  const end = max ?? now.peek() / 1_000
  return [Math.min(min ?? end, end - SPAN), end]
}
