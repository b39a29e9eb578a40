/**
 * What stands around each view: the ways to the others, who looks, and whether what is shown is what is.
 *
 * @module
 */

import { PATHS } from '../wire.ts'
import { announcement } from './announce.ts'
import { ROOT } from './api.ts'
import { type Content, html, type View } from './html.ts'
import { isStoreWell, link } from './live.ts'
import { Badge, type Tone } from './parts/badge.ts'
import { Icon, type IconName } from './parts/icon.ts'
import { Notice, ProblemNotice } from './parts/notice.ts'
import { focusHeading } from './parts/page-head.ts'
import { route } from './router.ts'
import { isStranger, loadSession, session, sessionProblem } from './session.ts'

const WAYS: readonly (readonly [path: string, icon: IconName, text: string])[] = [
  ['devices', 'devices', 'Devices'],
  ['brokers', 'brokers', 'Brokers'],
  ['log', 'log', 'Live log'],
  ['trail', 'trail', 'Audit trail'],
  ['rules', 'rules', 'Rules'],
]

/** The frame, with a view in it. */
export function Shell({ children }: { readonly children: Content }): View {
  return html`<div class="shell">
    <button type="button" class="skip" onClick=${focusHeading}>Skip to the content</button>
    <aside class="side">
      <p class="brand"><${Icon} name="devices" />Fleet</p>
      <nav aria-label="Views">
        <ul>${WAYS.map(([path, icon, text]) => html`<${Way} path=${path} icon=${icon} text=${text} />`)}</ul>
      </nav>
      <footer>
        <${LinkState} />
        <${Who} />
        <a class="muted" href=${new URL(`${PATHS.assets}/licenses.txt`, ROOT).href}>Licences</a>
      </footer>
    </aside>
    <main id="content" tabindex="-1">
      <${Troubles} />
      ${children}
    </main>
    <div class="sr" role="status" aria-live="polite">${announcement}</div>
  </div>`
}

function Way({ path, icon, text }: { path: string; icon: IconName; text: string }): View {
  const isHere = (route.value.path[0] ?? 'devices') === path
  return html`<li>
    <a href=${`#/${path}`} aria-current=${isHere ? 'page' : undefined}><${Icon} name=${icon} /><span>${text}</span></a>
  </li>`
}

const LINKS: Readonly<Record<string, readonly [tone: Tone, icon: IconName, text: string]>> = {
  live: ['good', 'online', 'Live'],
  partly: ['warn', 'silent', 'Partly live'],
  connecting: ['idle', 'silent', 'Connecting'],
  lost: ['bad', 'offline', 'Not live'],
}

function LinkState(): View | null {
  const known = LINKS[link.value === 'live' && !isStoreWell.value ? 'partly' : link.value]
  if (!known) return null
  const [tone, icon, text] = known
  return html`<p><${Badge} tone=${tone} icon=${icon} text=${text} /></p>`
}

function Who(): View | null {
  const me = session.value?.me
  if (!me) return null
  return html`<p class="who" title=${me.operator.name}>
    ${me.operator.name}${!me.mayChange && html`<small class="muted"> may look only</small>`}
  </p>`
}

/** What keeps the page from showing what is. */
function Troubles(): View {
  return html`<div>
    ${
      isStranger.value &&
      html`<${Notice} tone="bad" title="You are not let in any more">
        <p>Your session has ended. What is shown is what was known then.</p>
        <button type="button" class="button" onClick=${() => location.reload()}>Load the page again</button>
      <//>`
    }
    ${
      !isStranger.value &&
      link.value === 'lost' &&
      html`<${Notice} tone="warn" icon="offline" title="The connection to the server is lost">
        <p>What is shown is what was known last. It is tried again by itself.</p>
      <//>`
    }
    ${
      !isStoreWell.value &&
      html`<${Notice} tone="warn" icon="offline" title="The database does not answer">
        <p>
          What devices send is shown as it comes; all else is what was known last. Nothing can be changed, and
          devices may not be able to log in. It is asked again by itself.
        </p>
      <//>`
    }
    ${
      !session.value &&
      sessionProblem.value &&
      !isStranger.value &&
      html`<${ProblemNotice} problem=${sessionProblem.value} retry=${() => loadSession()} />`
    }
  </div>`
}
