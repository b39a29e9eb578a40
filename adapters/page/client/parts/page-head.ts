/**
 * The head of a view.
 *
 * @module
 */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { type Content, html, type View } from '../html.ts'

interface Props {
  readonly title: string
  readonly text?: Content
  readonly children?: Content
}

/** Whether a view has been shown: the first one leaves the focus where the browser has it. */
let isLater = false

/** Gives the focus to the title: where what has it goes away, or is skipped to. */
export function focusHeading(): void {
  const heading = document.querySelector<HTMLElement>('main h1') ?? document.querySelector('main')
  heading?.focus()
}

/** The title, which takes the focus where one view follows another, and what can be done there. */
export function PageHead({ title, text, children }: Props): View {
  const heading = useRef<HTMLHeadingElement>(null)
  // At once: a key that is pressed meanwhile would be lost.
  useLayoutEffect(() => {
    document.title = `${title} – Fleet`
    if (isLater) heading.current?.focus()
    isLater = true
  }, [title])
  return html`<header class="head">
    <div>
      <h1 ref=${heading} tabindex="-1">${title}</h1>
      ${text && html`<p class="muted">${text}</p>`}
    </div>
    ${children && html`<div class="actions">${children}</div>`}
  </header>`
}
