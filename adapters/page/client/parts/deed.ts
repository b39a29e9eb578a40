/**
 * A deed: confirmed before it is done, and told about after.
 *
 * @module
 */
import { useState } from 'preact/hooks'
import { announce } from '../announce.ts'
import { asProblem, type Problem, type Report } from '../api.ts'
import { type Content, html, type View } from '../html.ts'
import { Dialog } from './dialog.ts'
import { ProblemNotice } from './notice.ts'
import { ReportView } from './report.ts'

/** What is to be done. */
export interface Deed {
  /** Such as `Revoke PUMP-1?`. */
  readonly title: string
  /** What comes of it. */
  readonly text: string
  /** What the button says. */
  readonly verb: string
  /** Said when it is done. */
  readonly done: string
  readonly isDestructive?: boolean
  /** More that has to be said, as inputs of a form. */
  readonly fields?: Content
  readonly run: (form: FormData) => Promise<Report>
}

interface Props {
  readonly deed: Deed
  /** Called when the dialog is closed. */
  readonly onEnd: (wasDone: boolean) => void
}

/** Asks, does, and tells. */
export function DeedDialog({ deed, onEnd }: Props): View {
  const [isBusy, setBusy] = useState(false)
  const [report, setReport] = useState<Report>()
  const [problem, setProblem] = useState<Problem>()
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    setBusy(true)
    setProblem(undefined)
    try {
      setReport(await deed.run(form))
      announce(deed.done)
    } catch (error) {
      const told = asProblem(error)
      setProblem(told)
      setReport(told.report)
    }
    setBusy(false)
  }
  const end = () => onEnd(report !== undefined)
  const ended = html`
    <div>
      ${problem && html`<${ProblemNotice} problem=${problem} />`}
      ${report && !problem && html`<p role="status">${deed.done}</p>`}
      ${report && html`<${ReportView} report=${report} />`}
      <div class="buttons">
        <button type="button" class="button primary" ref=${focus} onClick=${end}>Close</button>
      </div>
    </div>`
  const asked = html`
    <form onSubmit=${submit}>
      <p>${deed.text}</p>
      ${deed.fields}
      ${problem && html`<${ProblemNotice} problem=${problem} />`}
      <div class="buttons">
        <button type="button" class="button" disabled=${isBusy} onClick=${end}>Cancel</button>
        <button
          type="submit"
          class="button ${deed.isDestructive ? 'danger' : 'primary'}"
          disabled=${isBusy}
        >
          ${isBusy ? 'Working …' : deed.verb}
        </button>
      </div>
    </form>`
  return html`<${Dialog} title=${deed.title} onClose=${end} canCancel=${!isBusy}>
    ${report ? ended : asked}
  <//>`
}

function focus(element: HTMLElement | null): void {
  element?.focus()
}
