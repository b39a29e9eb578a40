/**
 * What is denied and rejected, as it happens, and why.
 *
 * @module
 */
import { useRef, useState } from 'preact/hooks'
import type { LogEntry } from '../../wire.ts'
import { html, type View } from '../html.ts'
import { useLive } from '../live.ts'
import { Badge } from '../parts/badge.ts'
import { Select } from '../parts/field.ts'
import { HeldTable } from '../parts/held.ts'
import { Icon } from '../parts/icon.ts'
import { once } from '../parts/once.ts'
import { PageHead } from '../parts/page-head.ts'
import { Cell, Empty } from '../parts/table.ts'
import { Clock } from '../parts/time.ts'
import { go, linkTo, route } from '../router.ts'

/** Entries that are kept, the newest. */
const MAX_ENTRIES = 100

interface Shown extends LogEntry {
  readonly key: number
}

/** The view. */
export function LogView(): View {
  const { kind = '' } = route.value.query
  const [entries, setEntries] = useState<readonly Shown[]>([])
  const [isPaused, setPaused] = useState(false)
  const [dropped, setDropped] = useState(0)
  const count = useRef(0)
  const isResting = useRef(false)
  isResting.current = isPaused
  useLive('log=1', {
    log(event) {
      if (isResting.current) return
      const told = event.entries.map((entry) => ({ ...entry, key: count.current++ })).reverse()
      setEntries((known) => [...told, ...known].slice(0, MAX_ENTRIES))
      setDropped((known) => known + event.dropped)
    },
  })
  const shown = kind ? entries.filter((entry) => entry.kind === kind) : entries
  return html`<div>
    <${PageHead} title="Live log" text="What is denied and rejected while you look, and why.">
      <button type="button" class="button" aria-pressed=${isPaused} onClick=${() => setPaused(!isPaused)}>
        <${Icon} name=${isPaused ? 'play' : 'pause'} />${isPaused ? 'Go on' : 'Pause'}
      </button>
      <button type="button" class="button" disabled=${entries.length === 0} onClick=${() => setEntries([])}>
        Clear
      </button>
    <//>
    <form class="filters" onSubmit=${(event: Event) => event.preventDefault()}>
      <${Select}
        label="Kind"
        value=${kind}
        options=${[['', 'All kinds'], ['denial', 'Denials'], ['rejection', 'Rejections']]}
        onPick=${(picked: string) => go(linkTo(['log'], { kind: picked }), true)}
      />
    </form>
    ${dropped > 0 && html`<p class="muted">${dropped} more came too fast to be shown.</p>`}
    ${
      shown.length === 0
        ? html`<${Empty} title="Nothing was refused since you look">
            <p class="muted">Logins, publishes and subscriptions that are denied appear here, and messages that no handler got.</p>
          <//>`
        : html`<${HeldTable}
            key=${kind}
            label="Denials and rejections"
            columns=${['Time', 'What', 'Who', 'Topic', 'Why']}
            items=${shown}
            row=${rowOf}
            screens=${1.5}
            at=${cameAt}
          />`
    }
  </div>`
}

const cameAt = ({ at }: Shown) => at
const rowOf = (entry: Shown) => html`<${Entry} key=${entry.key} entry=${entry} />`

const ACTIONS = { connect: 'Login', publish: 'Publish', subscribe: 'Subscribe' } as const

const Entry = once(({ entry }: { readonly entry: LogEntry }) => {
  const { at, kind, code, text, action, username, topic, device, broker } = entry
  const isDenial = kind === 'denial'
  const what = isDenial ? `${action ? ACTIONS[action] : 'Access'} denied` : 'Message rejected'
  const through = broker && `It came through the broker ${broker}`
  const canAsk = isDenial && topic !== undefined && username !== undefined && action !== 'connect'
  const who = device
    ? html`<a href=${linkTo(['devices', device.type, device.id])}>${device.type}/${device.id}</a>`
    : (username ?? html`<span class="muted">unknown</span>`)
  return html`<tr role="row">
    <${Cell} label="Time" kind="number"><${Clock} at=${at} /><//>
    <${Cell} label="What">
      <${Badge} tone=${isDenial ? 'bad' : 'warn'} icon=${isDenial ? 'revoked' : 'no'} text=${what} title=${through} />
    <//>
    <${Cell} label="Who" kind="name">${who}<//>
    <${Cell} label="Topic" kind=${topic ? 'topic' : 'topic none'}>${topic ? html`<code>${topic}</code>` : html`<span class="muted">–</span>`}<//>
    <${Cell} label="Why" kind="wide">
      <span>
        ${text} <code class="muted">${code}</code>
        ${
          canAsk &&
          html`<a class="aside" href=${linkTo(['rules'], { username, action, topic })}
            aria-label=${`Ask the rules about ${username} and ${topic}`}>Ask the rules</a>`
        }
      </span>
    <//>
  </tr>`
})
