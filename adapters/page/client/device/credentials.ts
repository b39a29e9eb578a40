/**
 * What a device logs in with.
 *
 * @module
 */
import { useComputed } from '@preact/signals'
import type { CredentialView } from '../../wire.ts'
import { now } from '../clock.ts'
import { html, type View } from '../html.ts'
import { Badge } from '../parts/badge.ts'
import { Icon } from '../parts/icon.ts'
import { Age, DateTime } from '../parts/time.ts'
import { mayChange } from '../session.ts'
import type { DeedName } from './deeds.ts'

interface Props {
  readonly credentials: readonly CredentialView[]
  readonly onDeed: (name: DeedName, credentialId?: string) => void
}

/** The passwords, each with a way to end it, and a way to a new one. */
export function Credentials({ credentials, onDeed }: Props): View {
  return html`<section class="panel" aria-labelledby="credentials">
    <header class="panel-head">
      <h2 id="credentials">Credentials</h2>
      ${
        mayChange() &&
        html`<button type="button" class="button" onClick=${() => onDeed('rotate')}>
          <${Icon} name="key" />New password
        </button>`
      }
    </header>
    ${credentials.length === 0 && html`<p class="muted">It has none, and cannot log in.</p>`}
    <ul class="credentials">
      ${credentials.map((each) => html`<${Credential} key=${each.id} credential=${each} onDeed=${onDeed} />`)}
    </ul>
  </section>`
}

interface CredentialProps {
  readonly credential: CredentialView
  readonly onDeed: (name: DeedName, credentialId?: string) => void
}

function Credential({ credential, onDeed }: CredentialProps): View {
  const { id, format, createdAt, notBefore, notAfter, lastUsed, pepper } = credential
  const hasEnded = usePassed(notAfter)
  return html`<li>
    <div class="credential">
      <code title=${id}>${id.slice(0, 8)}</code>
      <${Validity} notBefore=${notBefore} notAfter=${notAfter} />
      ${
        mayChange() &&
        !hasEnded &&
        html`<button type="button" class="button small" aria-label=${`End the password ${id.slice(0, 8)}`} onClick=${() => onDeed('retire', id)}>
          End
        </button>`
      }
    </div>
    <p class="muted">
      Made <${DateTime} at=${createdAt} />, ${lastUsed === undefined ? 'not the last that was used' : html`used <${Age} at=${lastUsed} />`}
    </p>
    <p class="muted">Kept as ${format}${pepper && `, under the ${PEPPERS[pepper]} pepper`}</p>
  </li>`
}

const PEPPERS = {
  first: 'first',
  older: 'older',
  unmarked: 'unmarked',
  unknown: 'unknown',
} as const

function Validity({ notBefore, notAfter }: Pick<CredentialView, 'notBefore' | 'notAfter'>): View {
  const hasEnded = usePassed(notAfter)
  const hasBegun = usePassed(notBefore)
  if (hasEnded) {
    return html`<${Badge} tone="idle" icon="no" text="Ended" />`
  }
  if (notBefore !== undefined && !hasBegun) {
    return html`<span><${Badge} tone="warn" icon="silent" text="Later" /> from <${DateTime} at=${notBefore} /></span>`
  }
  if (notAfter === undefined) return html`<${Badge} tone="good" icon="yes" text="Good" />`
  return html`<span><${Badge} tone="warn" icon="silent" text="Ending" /> until <${DateTime} at=${notAfter} /></span>`
}

/** Whether a point in time has passed: drawn again once it does, and not each second. */
function usePassed(at: number | undefined): boolean {
  return useComputed(() => now.value >= (at ?? Number.POSITIVE_INFINITY)).value
}
