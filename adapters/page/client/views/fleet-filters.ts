/**
 * By what the table of devices is narrowed.
 *
 * @module
 */
import { useState } from 'preact/hooks'
import { html, type View } from '../html.ts'
import { LOW_BATTERY } from '../parts/badge.ts'
import { Field, Select, TextFilter } from '../parts/field.ts'
import { session } from '../session.ts'

/** As it stands in the address of the view. */
export interface FleetQuery {
  readonly type?: string
  /** Begins the ids. */
  readonly search?: string
  readonly state?: string
  readonly low?: string
  readonly firmware?: string
  readonly cursor?: string
}

const STATES: Readonly<Record<string, readonly [filter: string, value: string, text: string]>> = {
  offline: ['connected', 'false', 'Offline'],
  online: ['connected', 'true', 'Connected'],
  silent: ['fresh', 'false', 'Silent or never heard'],
  heard: ['fresh', 'true', 'Heard in time'],
  revoked: ['revoked', 'true', 'Revoked'],
}

/** What the routes are asked for. */
export function listingOf({ type, search, state, low, firmware }: FleetQuery): [string, string][] {
  const [filter = '', value] = STATES[state ?? ''] ?? []
  return [
    ['type', type],
    ['idPrefix', search],
    [filter, value],
    ['batteryBelow', low && String(LOW_BATTERY)],
    ['firmware', firmware],
  ].filter((each): each is [string, string] => Boolean(each[1]))
}

interface Props {
  readonly query: FleetQuery
  readonly onChange: (query: FleetQuery) => void
}

/** The filters that the store has. */
export function Filters({ query, onChange }: Props): View {
  const { me, types } = session.value!
  const filters: readonly string[] = me.filters
  const { cursor: _, ...kept } = query
  const set = (changed: FleetQuery) => onChange({ ...kept, ...changed })
  const states = Object.entries(STATES).filter(([, [filter]]) => filters.includes(filter))
  // On a phone the devices would be below what narrows them.
  const narrowing = [query.type, query.state, query.firmware, query.low].filter(Boolean).length
  const [isOpen, setOpen] = useState(narrowing > 0)
  return html`<form class="filters foldable ${isOpen && 'open'}" role="search" aria-label="Devices" onSubmit=${(event: Event) => event.preventDefault()}>
    ${
      filters.includes('idPrefix') &&
      html`<${TextFilter}
        label="Device id"
        placeholder="Begins with …"
        value=${query.search ?? ''}
        onEnter=${(search: string) => set({ search })}
      />`
    }
    <button type="button" class="button fold" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
      Filters${narrowing > 0 && ` (${narrowing})`}
    </button>
    ${
      filters.includes('type') &&
      types.length > 1 &&
      html`<${Select}
        label="Type"
        value=${query.type ?? ''}
        options=${[['', 'All types'], ...types.map(({ name }) => [name, name])]}
        onPick=${(type: string) => set({ type })}
      />`
    }
    ${
      states.length > 0 &&
      html`<${Select}
        label="State"
        value=${query.state ?? ''}
        options=${[['', 'Any state'], ...states.map(([key, [, , text]]) => [key, text])]}
        onPick=${(state: string) => set({ state })}
      />`
    }
    ${
      filters.includes('firmware') &&
      html`<${TextFilter}
        label="Firmware"
        placeholder="Exactly …"
        value=${query.firmware ?? ''}
        onEnter=${(firmware: string) => set({ firmware })}
      />`
    }
    ${
      filters.includes('batteryBelow') &&
      html`<${Field} label=${`Battery below ${LOW_BATTERY} %`} kind="check">
        <input
          type="checkbox"
          checked=${query.low === '1'}
          onChange=${(event: Event) => set({ low: (event.currentTarget as HTMLInputElement).checked ? '1' : '' })}
        />
      <//>`
    }
  </form>`
}
