/**
 * The fleet: a table of devices, a page at a time.
 *
 * @module
 */
import { type Signal, signal, useComputed } from '@preact/signals'
import { useMemo, useRef } from 'preact/hooks'
import type { DeviceView, StatesEvent } from '../../wire.ts'
import { announce } from '../announce.ts'
import { ask } from '../api.ts'
import { html, type View } from '../html.ts'
import { useLive } from '../live.ts'
import { useLoaded } from '../load.ts'
import { LiveBattery, type Standing, StandingBadge } from '../parts/badge.ts'
import { ProblemNotice } from '../parts/notice.ts'
import { focusHeading, PageHead } from '../parts/page-head.ts'
import { pageSize } from '../parts/page-size.ts'
import { Cell, Empty, Pager, Table } from '../parts/table.ts'
import { LiveAge } from '../parts/time.ts'
import { go, linkTo, route } from '../router.ts'
import { session } from '../session.ts'
import { Filters, type FleetQuery, listingOf } from './fleet-filters.ts'

/** Pixels. */
const HEIGHTS = { row: 36, card: 104 }
/** Most questions for one page: a limited operator may see few devices of each. */
const MAX_TURNS = 10

interface FleetPage {
  readonly devices: readonly DeviceView[]
  readonly cursor?: string
}

/** A page of what whoever looks may see. */
async function loadPage(query: FleetQuery): Promise<FleetPage> {
  const devices: DeviceView[] = []
  const size = pageSize(2, HEIGHTS)
  let { cursor } = query
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const listing = new URLSearchParams(listingOf(query))
    listing.set('limit', String(size - devices.length))
    if (cursor !== undefined) listing.set('cursor', cursor)
    const page = await ask<FleetPage>('GET', `devices?${listing}`)
    devices.push(...page.devices)
    cursor = page.cursor
    if (cursor === undefined || devices.length >= size) break
  }
  const count = devices.length === 1 ? '1 device' : `${devices.length} devices`
  announce(`${count} on this page`)
  return { devices, ...(cursor !== undefined && { cursor }) }
}

/** The view. */
export function FleetView(): View {
  const query: FleetQuery = route.value.query
  const key = linkTo(['devices'], { ...query })
  const { data, problem, isLoading, reload } = useLoaded(key, () => loadPage(query))
  const rows = useRows(data?.devices)
  const show = (changed: FleetQuery) => go(linkTo(['devices'], { ...changed }))
  const turn = (changed: FleetQuery) => {
    focusHeading()
    show(changed)
  }
  const { cursor, ...filter } = query
  const isNarrowed = Object.values(query).some(Boolean)
  const isEmpty = data?.devices.length === 0
  return html`<div>
    <${PageHead} title="Devices" text="Every device on record, and what it told last." />
    ${(!isEmpty || isNarrowed) && html`<${Filters} query=${query} onChange=${show} />`}
    ${problem && html`<${ProblemNotice} problem=${problem} retry=${reload} />`}
    ${!data && isLoading && !problem && html`<${Skeleton} />`}
    ${isEmpty && html`<${NoDevices} clear=${isNarrowed ? () => show({}) : undefined} />`}
    ${
      data &&
      data.devices.length > 0 &&
      html`<div>
        <${Table}
          label="Devices"
          kind="devices"
          columns=${['Device', 'Type', 'State', 'Last heard', 'Status', 'Battery', 'Firmware']}
          isBusy=${isLoading}
        >
          ${data.devices.map(
            (device) =>
              html`<${Row} key=${nameOf(device)} device=${device} live=${rows.get(nameOf(device))} />`,
          )}
        <//>
        <${Pager}
          label="Pages of devices"
          text=${`${data.devices.length} on this page`}
          first=${cursor === undefined ? undefined : () => turn(filter)}
          next=${data.cursor === undefined ? undefined : () => turn({ ...filter, cursor: data.cursor! })}
        />
      </div>`
    }
  </div>`
}

/** Says why there are none, and what to do. */
function NoDevices({ clear }: { readonly clear: (() => void) | undefined }): View {
  if (clear) {
    return html`<${Empty} title="No device is like that">
      <p class="muted">Widen the search, or take the filters away.</p>
      <button type="button" class="button" onClick=${clear}>Clear filters</button>
    <//>`
  }
  if (!session.value!.me.seesAll) {
    return html`<${Empty} title="There are no devices that you may see">
      <p class="muted">Which they are is decided where you are let in.</p>
    <//>`
  }
  return html`<${Empty} title="There are no devices yet">
    <p class="muted">
      A device is here once it is put on record: by <code>fleet.provision</code> in a program, or by the command <code>devicehub devices provision</code>.
    </p>
  <//>`
}

/** What each row shows, kept up to date while it is shown. */
function useRows(
  devices: readonly DeviceView[] | undefined,
): ReadonlyMap<string, Signal<Standing>> {
  const rows = useMemo(
    () =>
      new Map(
        (devices ?? []).map((device) => [
          nameOf(device),
          signal<Standing>({ revoked: device.revoked, gone: false, state: device.state ?? {} }),
        ]),
      ),
    [devices],
  )
  const latest = useRef(rows)
  latest.current = rows
  const watched = [...rows.keys()]
  const query = new URLSearchParams(watched.map((name) => ['device', name])).toString()
  useLive(watched.length > 0 ? query : undefined, {
    states({ devices: told }: StatesEvent) {
      for (const device of told) {
        const row = latest.current.get(nameOf(device))
        if (row) row.value = device
      }
    },
  })
  return rows
}

function nameOf({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}/${id}`
}

interface RowProps {
  readonly device: DeviceView
  readonly live: Signal<Standing>
}

/** A device. Of what is new only the words that changed are drawn again. */
function Row({ device: { type, id }, live }: RowProps): View {
  const lastHeard = useComputed(() => live.value.state.lastHeard)
  const status = useComputed(() => live.value.state.status ?? '–')
  const firmware = useComputed(() => live.value.state.firmware ?? '–')
  return html`<tr role="row">
    <${Cell} label="Device" kind="title"><a href=${linkTo(['devices', type, id])}>${id}</a><//>
    <${Cell} label="Type">${type}<//>
    <${Cell} label="State"><${StandingBadge} of=${live} /><//>
    <${Cell} label="Last heard" kind="number"><${LiveAge} at=${lastHeard} /><//>
    <${Cell} label="Status">${status}<//>
    <${Cell} label="Battery" kind="number"><${LiveBattery} of=${live} /><//>
    <${Cell} label="Firmware">${firmware}<//>
  </tr>`
}

/** Stands where rows will be. */
function Skeleton(): View {
  return html`<div class="skeleton" role="status">Loading …</div>`
}
