/**
 * A dialog: the focus stays in it, and goes back to where it was.
 *
 * @module
 */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { type Content, html, type View } from '../html.ts'

interface Props {
  readonly title: string
  /** Called when it was closed, in whatever way. */
  readonly onClose: () => void
  /** Whether it may be closed by the Escape key. Default: `true`. */
  readonly canCancel?: boolean
  readonly children: Content
}

let count = 0

/** Stands above all else, from when it is there. */
export function Dialog({ title, onClose, canCancel = true, children }: Props): View {
  const dialog = useRef<HTMLDialogElement>(null)
  const name = useRef(`dialog-${++count}`)
  // At once: what has the focus now is where it goes back to.
  useLayoutEffect(() => {
    const opener = document.activeElement
    const element = dialog.current
    element?.showModal()
    return () => {
      element?.close()
      // A browser gives it back to what is beside a dialog that is there still, and this one is not.
      if (opener instanceof HTMLElement) opener.focus()
    }
  }, [])
  const cancel = (event: Event) => {
    event.preventDefault()
    if (canCancel) onClose()
  }
  return html`<dialog ref=${dialog} aria-labelledby=${name.current} onCancel=${cancel}>
    <h2 id=${name.current}>${title}</h2>
    ${children}
  </dialog>`
}
