/**
 * The page of a fleet, in a browser.
 *
 * @module
 */
import { render } from 'preact'
import { startClock } from './clock.ts'
import { html, type View } from './html.ts'
import { route } from './router.ts'
import { loadSession, session, sessionProblem } from './session.ts'
import { Shell } from './shell.ts'
import { BrokersView } from './views/brokers.ts'
import { DeviceView } from './views/device.ts'
import { FleetView } from './views/fleet.ts'
import { LogView } from './views/log.ts'
import { RulesView } from './views/rules.ts'
import { TrailView } from './views/trail.ts'

const VIEWS: Readonly<Record<string, () => View>> = {
  brokers: BrokersView,
  log: LogView,
  trail: TrailView,
  rules: RulesView,
}

function Page(): View {
  const [first = '', ...rest] = route.value.path
  const view = rest.length === 2 ? DeviceView : (VIEWS[first] ?? FleetView)
  return html`<${Shell}>${session.value ? html`<${view} />` : html`<${Waiting} />`}<//>`
}

function Waiting(): View {
  const text = sessionProblem.value ? '' : 'Loading …'
  return html`<h1 class="waiting">Fleet <span class="muted">${text}</span></h1>`
}

startClock()
void loadSession()
const place = document.querySelector('#app')!
place.replaceChildren()
render(html`<${Page} />`, place)
