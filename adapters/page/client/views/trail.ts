/**
 * The audit trail: who did what to which device.
 *
 * @module
 */
import type { TrailEntry, TrailPage } from '../../wire.ts'
import { ask } from '../api.ts'
import { html, type View } from '../html.ts'
import { useLoaded } from '../load.ts'
import { Badge } from '../parts/badge.ts'
import { Select, TextFilter } from '../parts/field.ts'
import { Notice, ProblemNotice } from '../parts/notice.ts'
import { focusHeading, PageHead } from '../parts/page-head.ts'
import { pageSize } from '../parts/page-size.ts'
import { Cell, Empty, Pager, Table } from '../parts/table.ts'
import { DateTime } from '../parts/time.ts'
import { go, linkTo, route } from '../router.ts'
import { session } from '../session.ts'

/** Pixels, where nothing is longer than its line. */
const HEIGHTS = { row: 34, card: 185 }
const ACTIONS = [
  ...(['provision', 'update', 'rotate', 'retire', 'revoke', 'restore', 'delete'] as const),
  ...(['kick', 'command', 'list', 'show', 'explain'] as const),
]

/** The view. */
export function TrailView(): View {
  if (session.value!.me.routes.audit) return html`<${Trail} />`
  return html`<div>
    <${PageHead} title="Audit trail" />
    <${Notice} tone="idle" title="The store of this fleet keeps no trail" />
  </div>`
}

function loadPage(query: Readonly<Record<string, string>>): Promise<TrailPage> {
  // When it is asked for: a screen that is turned is no reason to load what is there.
  const limit = String(pageSize(1.5, HEIGHTS))
  return ask<TrailPage>('GET', `audit?${new URLSearchParams({ ...query, limit })}`)
}

function Trail(): View {
  const { query } = route.value
  const { cursor, ...filter } = query
  const key = linkTo(['trail'], query)
  const { data, problem, isLoading, reload } = useLoaded(key, () => loadPage(query))
  const show = (changed: Record<string, string | undefined>) => go(linkTo(['trail'], changed))
  const turn = (changed: Record<string, string | undefined>) => {
    focusHeading()
    show(changed)
  }
  const set = (changed: Record<string, string>) => show({ ...filter, ...changed })
  const { operator = '', action = '', id = '' } = filter
  return html`<div>
    <${PageHead} title="Audit trail" text="Who did what to which device, the newest first.">
      <button type="button" class="button" onClick=${reload}>Load again</button>
    <//>
    <form class="filters" role="search" aria-label="Audit trail" onSubmit=${(event: Event) => event.preventDefault()}>
      <${TextFilter} label="Operator" placeholder="Exactly …" value=${operator} onEnter=${(text: string) => set({ operator: text })} />
      <${TextFilter} label="Device id" placeholder="Exactly …" value=${id} onEnter=${(text: string) => set({ id: text })} />
      <${Select}
        label="Deed"
        value=${action}
        options=${[['', 'All deeds'], ...ACTIONS.map((each) => [each, each])]}
        onPick=${(picked: string) => set({ action: picked })}
      />
    </form>
    ${problem && html`<${ProblemNotice} problem=${problem} retry=${reload} />`}
    ${!data && isLoading && !problem && html`<div class="skeleton" role="status">Loading …</div>`}
    ${
      data?.entries.length === 0 &&
      html`<${Empty} title="Nothing is on the trail">
        <p class="muted">What operators do to devices stands here, before and after it is done.</p>
      <//>`
    }
    ${
      data &&
      data.entries.length > 0 &&
      html`<div>
        <${Table} label="Audit trail" columns=${['Time', 'Operator', 'Deed', 'Device', 'Result']} isBusy=${isLoading}>
          ${data.entries.map((entry) => html`<${Entry} key=${entry.id} entry=${entry} />`)}
        <//>
        <${Pager}
          label="Pages of the trail"
          text=${`${data.entries.length} on this page`}
          first=${cursor === undefined ? undefined : () => turn(filter)}
          next=${data.cursor === undefined ? undefined : () => turn({ ...filter, cursor: data.cursor })}
        />
      </div>`
    }
  </div>`
}

function Entry({ entry }: { readonly entry: TrailEntry }): View {
  const { at, operator, action, device, result } = entry
  return html`<tr role="row">
    <${Cell} label="Time" kind="number"><${DateTime} at=${at} /><//>
    <${Cell} label="Operator" kind="name">${operator}<//>
    <${Cell} label="Deed">${action}<//>
    <${Cell} label="Device" kind="name">
      ${
        device
          ? html`<a href=${linkTo(['devices', device.type, device.id])}>${device.type}/${device.id}</a>`
          : html`<span class="muted">–</span>`
      }
    <//>
    <${Cell} label="Result"><${Result} result=${result} /><//>
  </tr>`
}

function Result({ result }: { readonly result: string }): View {
  if (result === 'done') return html`<${Badge} tone="good" icon="yes" text="Done" />`
  if (result === 'begun') {
    const title = 'It may have been done or not: look at the device'
    return html`<${Badge} tone="warn" icon="silent" text="Begun" title=${title} />`
  }
  return html`<${Badge} tone="bad" icon="no" text=${result} />`
}
