/**
 * What went wrong, in words, and what can be done about it.
 *
 * @module
 */
import type { Problem } from '../api.ts'
import { type Content, html, type View } from '../html.ts'
import { Icon, type IconName } from './icon.ts'

interface NoticeProps {
  readonly tone: 'bad' | 'warn' | 'good' | 'idle'
  readonly icon?: IconName
  readonly title: string
  readonly children?: Content
}

/** A notice. One that is bad is read out at once. */
export function Notice({ tone, icon = 'info', title, children }: NoticeProps): View {
  return html`<div class="notice ${tone}" role=${tone === 'bad' ? 'alert' : 'note'} aria-label=${title}>
    <${Icon} name=${icon} />
    <div>
      <strong>${title}</strong>
      ${children}
    </div>
  </div>`
}

/** What problems of these codes are to whoever looks. */
const TITLES: Readonly<Record<string, string>> = {
  unreachable: 'The server cannot be reached',
  failed: 'The database does not answer',
  'trail-failed': 'The audit trail cannot be written',
  'operator-limited': 'You may not do that',
  'request-invalid': 'That is not what is asked for',
  'kick-incomplete': 'Sessions may go on',
  ERR_CHANGE_INCOMPLETE: 'Done, but not everything was told',
  ERR_DEVICE_UNKNOWN: 'There is no such device',
  ERR_DEVICE_TYPE_UNKNOWN: 'There is no such device type',
  ERR_DEVICE_EXISTS: 'There is such a device already',
  ERR_DEVICE_REVOKED: 'The device is revoked',
  ERR_REVISION_CONFLICT: 'Somebody else changed it meanwhile',
  ERR_PAYLOAD_INVALID: 'The payload is not what the command declares',
}

/** Of what was to be read: unlike a deed it was not done by half. */
const UNREAD = 'What it holds cannot be shown until it does. The log of the server says more.'

/** With a full stop, which not every problem has. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

interface ProblemProps {
  readonly problem: Problem
  /** Tries again. Default: there is no button. */
  readonly retry?: (() => void) | undefined
}

/** A problem of the server's. */
export function ProblemNotice({ problem, retry }: ProblemProps): View {
  const { code, status, message, errors, isPassing } = problem
  const title = TITLES[code] ?? 'That did not work'
  const text = retry && code === 'failed' ? UNREAD : sentence(message)
  return html`<${Notice} tone="bad" title=${title}>
    <p>${text}${retry && isPassing ? ' It is tried again by itself.' : ''}</p>
    ${
      errors.length > 0 &&
      html`<ul>
        ${errors.map(({ path, problem: what }) => html`<li><code>${path}</code> ${what}</li>`)}
      </ul>`
    }
    <p class="muted">Code <code>${code}</code>${status > 0 && `, status ${status}`}</p>
    ${retry && html`<button type="button" class="button" onClick=${retry}>Try again</button>`}
  <//>`
}
