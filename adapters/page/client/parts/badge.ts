/**
 * States by a word and an icon; the colour says nothing that they do not.
 *
 * @module
 */
import { type ReadonlySignal, useComputed } from '@preact/signals'
import type { DeviceState } from '../../../../src/device/states.ts'
import { now } from '../clock.ts'
import { html, type View } from '../html.ts'
import { Icon, type IconName } from './icon.ts'

/** How good something is. */
export type Tone = 'good' | 'warn' | 'bad' | 'idle'

interface BadgeProps {
  readonly tone: Tone
  readonly icon: IconName
  readonly text: string
  /** More about it, where a pointer rests. */
  readonly title?: string
}

/** A word with an icon. */
export function Badge({ tone, icon, text, title }: BadgeProps): View {
  return html`<span class="badge ${tone}" title=${title}><${Icon} name=${icon} />${text}</span>`
}

/** What of a device says how it is. */
export interface Standing {
  readonly revoked: boolean
  readonly gone: boolean
  readonly state: DeviceState
}

/** One value each, so that a state that stays is no change. */
const STATES = {
  removed: { tone: 'idle', icon: 'no', text: 'Removed', title: 'Not on record any more' },
  revoked: { tone: 'bad', icon: 'revoked', text: 'Revoked', title: 'It may do nothing' },
  offline: { tone: 'bad', icon: 'offline', text: 'Offline', title: 'Its connection ended' },
  online: {
    ...{ tone: 'good', icon: 'online', text: 'Online' },
    title: 'Connected, and heard from in time',
  },
  heard: {
    ...{ tone: 'good', icon: 'online', text: 'Heard' },
    title: 'Heard from in time; no broker tells whether it is connected',
  },
  silent: {
    ...{ tone: 'warn', icon: 'silent', text: 'Silent' },
    title: 'Not heard from for 2.5 heartbeats',
  },
  never: {
    ...{ tone: 'idle', icon: 'never', text: 'Never seen' },
    title: 'Nothing was ever told of it',
  },
} as const satisfies Readonly<Record<string, BadgeProps>>

/** Whether a device may do anything, is connected, and was heard from in time. */
function standingOf({ revoked, gone, state }: Standing, time: number): BadgeProps {
  if (gone) return STATES.removed
  if (revoked) return STATES.revoked
  const { connected, freshUntil, lastHeard } = state
  if (connected === false) return STATES.offline
  if (freshUntil !== undefined && time < freshUntil) {
    return connected ? STATES.online : STATES.heard
  }
  return connected || lastHeard !== undefined ? STATES.silent : STATES.never
}

interface StandingProps {
  readonly of: ReadonlySignal<Standing>
}

/** How a device is, now. */
export function StandingBadge({ of }: StandingProps): View {
  const standing = useComputed(() => standingOf(of.value, now.value))
  return html`<${Badge} ...${standing.value} />`
}

/** Percent below which a battery is called low. */
export const LOW_BATTERY = 20

/** The battery of a device, now. */
export function LiveBattery({ of }: StandingProps): View {
  const percent = useComputed(() => of.value.state.battery)
  return html`<${Battery} percent=${percent.value} />`
}

/** A battery in percent. */
export function Battery({ percent }: { readonly percent: number | undefined }): View {
  if (percent === undefined) return html`<span class="muted">–</span>`
  const isLow = percent < LOW_BATTERY
  return html`<span class=${isLow ? 'battery low' : 'battery'}>
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M1.5 5h11v6h-11zM14.5 7.2v1.6" />
      <path class="charge" d=${`M3 8h${(Math.min(Math.max(percent, 0), 100) * 8) / 100}`} />
    </svg>
    <span>${percent} %${isLow && ' low'}</span>
  </span>`
}
