/**
 * What is known of a device.
 *
 * @module
 */
import { type Signal, useComputed } from '@preact/signals'
import { Fragment } from 'preact'
import type { DeviceState } from '../../../../src/device/states.ts'
import type { DeviceView } from '../../wire.ts'
import { spanText } from '../clock.ts'
import { type Content, html, type View } from '../html.ts'
import { Battery, type Standing } from '../parts/badge.ts'
import { RuleText } from '../parts/rule.ts'
import { Age, DateTime, LiveAge } from '../parts/time.ts'
import { linkTo } from '../router.ts'
import { typeOf } from '../session.ts'

interface Props {
  readonly device: DeviceView
  readonly live: Signal<Standing>
}

/** Names and values: what it told, and what is on record. */
export function Facts({ device, live }: Props): View {
  const { type, username, attributes, clientIds, rules, createdAt } = device
  const heartbeat = typeOf(type)?.heartbeat
  return html`<section class="panel" aria-labelledby="facts">
    <header class="panel-head"><h2 id="facts">State</h2></header>
    <dl class="facts">
      <${Told} live=${live} />
      ${heartbeat !== undefined && html`<${Fact} name="Heartbeat">every ${spanText(heartbeat)}<//>`}
      <${Fact} name="User name">
        <a href=${linkTo(['rules'], { username })} aria-label=${`Ask the rules about ${username}`}><code>${username}</code></a>
      <//>
      ${clientIds && html`<${Fact} name="Client ids"><code>${clientIds.join(', ')}</code><//>`}
      ${Object.entries(attributes).map(([name, value]) => html`<${Fact} name=${name}>${value}<//>`)}
      ${
        rules.length > 0 &&
        html`<${Fact} name="Rules of its own">${rules.map((rule) => html`<div><${RuleText} rule=${rule} /></div>`)}<//>`
      }
      <${Fact} name="On record since"><${DateTime} at=${createdAt} /><//>
    </dl>
  </section>`
}

/** What it told last. It is heard from all the time, and what it told is drawn again as that changes. */
function Told({ live }: Pick<Props, 'live'>): View {
  const lastHeard = useComputed(() => live.value.state.lastHeard)
  const told = useComputed(() => {
    const { lastHeard: _, freshUntil: __, ...state } = live.value.state
    return JSON.stringify(state)
  })
  const state: DeviceState = JSON.parse(told.value)
  const since = state.connected === false ? 'Offline since' : 'Connected since'
  return html`<${Fragment}>
    <${Fact} name="Last heard"><${LiveAge} at=${lastHeard} /><//>
    <${Fact} name=${since}>${state.since === undefined ? html`<span class="muted">not told</span>` : html`<${DateTime} at=${state.since} />`}<//>
    <${Fact} name="Status">${state.status ?? html`<span class="muted">–</span>`}<//>
    <${Fact} name="Battery"><${Battery} percent=${state.battery} /><//>
    <${Fact} name="Firmware">${state.firmware ?? html`<span class="muted">–</span>`}<//>
    ${Object.entries(state.fields ?? {}).map(
      ([name, value]) => html`<${Fact} name=${name}><code>${JSON.stringify(value)}</code><//>`,
    )}
    <${Fact} name="Last login"><${Age} at=${state.lastLogin?.at} /><//>
  <//>`
}

function Fact({ name, children }: { readonly name: string; readonly children: Content }): View {
  return html`<div><dt>${name}</dt><dd>${children}</dd></div>`
}
