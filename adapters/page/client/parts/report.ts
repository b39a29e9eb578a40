/**
 * What came of a deed: who acted on it, who did not, and a password that is shown once.
 *
 * @module
 */
import { useRef, useState } from 'preact/hooks'
import { announce } from '../announce.ts'
import type { Report } from '../api.ts'
import { html, type View } from '../html.ts'
import { Icon } from './icon.ts'

/** What came of it. */
export function ReportView({ report }: { readonly report: Report }): View {
  const { done = [], failed = [], password } = report
  return html`<div class="report">
    ${password !== undefined && html`<${NewPassword} password=${password} />`}
    <ul>
      ${done.map((name) => html`<li class="good"><${Icon} name="yes" />${name}: done</li>`)}
      ${failed.map(
        ({ name, problem, code }) =>
          html`<li class="bad"><${Icon} name="no" />${name}: failed${(problem ?? code) && `, ${problem ?? code}`}</li>`,
      )}
      ${
        done.length + failed.length === 0 &&
        html`<li class="muted"><${Icon} name="info" />It is on record. Nothing else had to act on it.</li>`
      }
    </ul>
  </div>`
}

/** A password, with a way to take it along. */
function NewPassword({ password }: { readonly password: string }): View {
  const input = useRef<HTMLInputElement>(null)
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(password)
      setCopied(true)
      announce('Copied')
    } catch {
      // Only pages over TLS, and of this machine, may write to the clipboard.
      input.current?.select()
      announce('Selected: copy it by the keyboard')
    }
  }
  return html`<div class="password">
    <label class="field">
      <span>New password</span>
      <input ref=${input} readonly value=${password} onFocus=${() => input.current?.select()} />
      <small class="muted">It is shown this once. Nobody can read it again.</small>
    </label>
    <button type="button" class="button" onClick=${copy}>
      <${Icon} name=${isCopied ? 'yes' : 'copy'} />${isCopied ? 'Copied' : 'Copy'}
    </button>
  </div>`
}
