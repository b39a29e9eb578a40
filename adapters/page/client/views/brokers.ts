/**
 * The hubs, and the brokers that they are connected with.
 *
 * @module
 */
import { useState } from 'preact/hooks'
import type { HubsEvent, LiveHub } from '../../wire.ts'
import { html, type View } from '../html.ts'
import { link, useLive } from '../live.ts'
import { Badge, type Tone } from '../parts/badge.ts'
import { HeldTable } from '../parts/held.ts'
import type { IconName } from '../parts/icon.ts'
import { Notice } from '../parts/notice.ts'
import { PageHead } from '../parts/page-head.ts'
import { Cell, Empty } from '../parts/table.ts'
import { Age, DateTime } from '../parts/time.ts'
import { session } from '../session.ts'

const STATES: Readonly<Record<string, readonly [tone: Tone, icon: IconName, text: string]>> = {
  connected: ['good', 'online', 'Connected'],
  running: ['good', 'online', 'Running'],
  connecting: ['warn', 'silent', 'Connecting'],
  starting: ['warn', 'silent', 'Starting'],
  closing: ['warn', 'silent', 'Closing'],
  disconnected: ['bad', 'offline', 'Disconnected'],
  closed: ['bad', 'no', 'Closed'],
  idle: ['idle', 'never', 'Not started'],
  unknown: ['warn', 'info', 'Unknown'],
}

function State({ of }: { readonly of: string }): View {
  const [tone, icon, text] = STATES[of] ?? ['idle', 'info', of]
  return html`<${Badge} tone=${tone} icon=${icon} text=${text} />`
}

/** The view. */
export function BrokersView(): View {
  const [told, setTold] = useState<HubsEvent>()
  const { seesAll } = session.value!.me
  useLive(seesAll ? 'hubs=1' : undefined, { hubs: setTold })
  return html`<div>
    <${PageHead} title="Brokers" text="The hubs of this process, and the brokers that they are connected with." />
    ${
      !seesAll &&
      html`<${Notice} tone="idle" title="Brokers are shown to those who see the whole fleet" />`
    }
    ${seesAll && !told && link.value !== 'lost' && html`<div class="skeleton" role="status">Loading …</div>`}
    ${
      told?.hubs.length === 0 &&
      html`<${Empty} title="There is no hub here">
        <p class="muted">Devices may be heard by another process.</p>
      <//>`
    }
    ${told?.hubs.map((hub) => html`<${Hub} key=${hub.name} hub=${hub} />`)}
  </div>`
}

type BrokerEntry = [name: string, LiveHub['status']['brokers'][string]]

function Hub({ hub: { name, status, rates } }: { readonly hub: LiveHub }): View {
  const rate = (key: 'handled' | 'rejected') =>
    rateText(Object.values(rates).reduce((sum, each) => sum + each[key], 0))
  return html`<section class="panel" aria-label=${`Hub ${name}`}>
    <header class="panel-head">
      <h2>${name === 'hub' ? 'Hub' : name}</h2>
      <${State} of=${status.state} />
      <span class="muted">since <${DateTime} at=${status.since} /></span>
    </header>
    <dl class="figures">
      <div><dt>Handled</dt><dd>${rate('handled')}</dd></div>
      <div><dt>Rejected</dt><dd>${rate('rejected')}</dd></div>
      <div><dt>Messages waiting</dt><dd>${status.messages}</dd></div>
      <div><dt>Commands waiting</dt><dd>${status.commands}</dd></div>
    </dl>
    <${HeldTable}
      label=${`Brokers of ${name}`}
      columns=${['Broker', 'State', 'Since', 'Subscribed', 'Handled', 'Rejected', 'Last error']}
      items=${Object.entries(status.brokers)}
      screens=${1.5}
      row=${([
        broker,
        { state, since, subscribed, attempts, lastError },
      ]: BrokerEntry) => html`<tr role="row" key=${broker}>
        <${Cell} label="Broker" kind="title">${broker}<//>
        <${Cell} label="State">
          <${State} of=${state} />
          ${attempts > 0 && html`<small class="muted"> ${attempts} attempts failed</small>`}
        <//>
        <${Cell} label="Since" kind="number"><${Age} at=${since} /><//>
        <${Cell} label="Subscribed">${subscribed ? 'yes' : 'no'}<//>
        <${Cell} label="Handled" kind="number">${rateText(rates[broker]?.handled ?? 0)}<//>
        <${Cell} label="Rejected" kind="number">${rateText(rates[broker]?.rejected ?? 0)}<//>
        <${Cell} label="Last error" kind="wide">
          ${
            lastError
              ? html`<span>${lastError.message} <small class="muted"><${Age} at=${lastError.at} /></small></span>`
              : html`<span class="muted">none</span>`
          }
        <//>
      </tr>`}
    />
  </section>`
}

function rateText(perSecond: number): string {
  return `${perSecond < 10 ? Math.round(perSecond * 10) / 10 : Math.round(perSecond)}/s`
}
