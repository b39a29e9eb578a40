/**
 * Points in time, as people read them.
 *
 * @module
 */
import { type ReadonlySignal, useComputed } from '@preact/signals'
import { ageText, dateText, now, timeText } from '../clock.ts'
import { html, type View } from '../html.ts'

interface Props {
  /** Milliseconds since the Unix epoch. */
  readonly at: number | undefined
  /** What is said where there is none. */
  readonly none?: string
}

/** How long ago it was; the date where a pointer rests. */
export function Age({ at, none = 'never' }: Props): View {
  const text = useComputed(() => ageText(now.value - (at ?? 0)))
  if (at === undefined) return html`<span class="muted">${none}</span>`
  return html`<time datetime=${new Date(at).toISOString()} title=${dateText(at)}>${text}</time>`
}

interface LiveAgeProps {
  readonly at: ReadonlySignal<number | undefined>
}

/** The same of what moves on: its text alone is drawn again. */
export function LiveAge({ at }: LiveAgeProps): View {
  const text = useComputed(() => (at.value === undefined ? 'never' : ageText(now.value - at.value)))
  const date = useComputed(() =>
    at.value === undefined ? undefined : new Date(at.value).toISOString(),
  )
  return html`<time datetime=${date}>${text}</time>`
}

/** The date and the time. */
export function DateTime({ at, none = 'never' }: Props): View {
  if (at === undefined) return html`<span class="muted">${none}</span>`
  return html`<time datetime=${new Date(at).toISOString()}>${dateText(at)}</time>`
}

/** The time of a day; the date where a pointer rests. */
export function Clock({ at }: { readonly at: number }): View {
  return html`<time datetime=${new Date(at).toISOString()} title=${dateText(at)}>
    ${timeText(at)}
  </time>`
}
