/**
 * One device: how it is, what it sends, what it may be told, and what it logs in with.
 *
 * @module
 */
import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { DeviceView as DeviceRecord, MessagesEvent, StatesEvent } from '../../wire.ts'
import { ask, devicePath } from '../api.ts'
import { Charts } from '../device/charts.ts'
import { Commands } from '../device/commands.ts'
import { Credentials } from '../device/credentials.ts'
import { type DeedName, deedOf } from '../device/deeds.ts'
import { Facts } from '../device/facts.ts'
import { Messages, type ShownMessage } from '../device/messages.ts'
import { Series } from '../device/series.ts'
import { html, type View } from '../html.ts'
import { useLive } from '../live.ts'
import { useLoaded } from '../load.ts'
import { type Standing, StandingBadge } from '../parts/badge.ts'
import { DeedDialog } from '../parts/deed.ts'
import { Icon } from '../parts/icon.ts'
import { ProblemNotice } from '../parts/notice.ts'
import { PageHead } from '../parts/page-head.ts'
import { go, linkTo, route } from '../router.ts'
import { mayChange, session, typeOf } from '../session.ts'

/** Messages that are kept, the newest. */
const MAX_MESSAGES = 50

/** The view. */
export function DeviceView(): View {
  const [, type = '', id = ''] = route.value.path
  return html`<${Device} key=${`${type}/${id}`} type=${type} id=${id} />`
}

interface Props {
  readonly type: string
  readonly id: string
}

function Device({ type, id }: Props): View {
  const path = devicePath(type, id)
  const { data, problem, isLoading, reload } = useLoaded(path, () => ask<DeviceRecord>('GET', path))
  const live = useSignal<Standing>({ revoked: false, gone: false, state: {} })
  const fields = typeOf(type)?.fields ?? []
  const series = useMemo(() => new Series(fields.map((field) => field.path)), [])
  const messages = useSignal<readonly ShownMessage[]>([])
  const count = useRef(0)
  const [deed, setDeed] = useState<{ name: DeedName; credentialId?: string }>()
  useEffect(() => {
    if (data) live.value = { revoked: data.revoked, gone: false, state: data.state ?? {} }
  }, [data])
  const name = `${type}/${id}`
  useLive(data && new URLSearchParams({ device: name, follow: name }).toString(), {
    states({ devices }: StatesEvent) {
      const [told] = devices
      if (told) live.value = told
    },
    messages(event: MessagesEvent) {
      series.add(event.messages)
      const told = event.messages.map((message) => ({ ...message, key: count.current++ })).reverse()
      messages.value = [...told, ...messages.value].slice(0, MAX_MESSAGES)
    },
  })
  const { routes } = session.value!.me
  const act = (picked: DeedName, credentialId?: string) =>
    setDeed({ name: picked, ...(credentialId !== undefined && { credentialId }) })
  const end = (wasDone: boolean) => {
    const wasRemoved = wasDone && deed?.name === 'remove'
    setDeed(undefined)
    if (wasRemoved) go(linkTo(['devices']))
    else if (wasDone) reload()
  }
  const isRevoked = useComputed(() => live.value.revoked)
  return html`<div>
    <nav class="crumbs" aria-label="Where this is">
      <a class="crumb" href=${linkTo(['devices'])}><${Icon} name="back" />Devices</a>
    </nav>
    <${PageHead} title=${id} text=${html`<span class="title-line"><span>${type}</span>${data && html`<${StandingBadge} of=${live} />`}</span>`}>
      ${
        data &&
        mayChange() &&
        html`<${DeedButtons} revoked=${isRevoked.value} canKick=${routes.kick} onDeed=${act} />`
      }
    <//>
    ${problem && html`<${ProblemNotice} problem=${problem} retry=${reload} />`}
    ${!data && isLoading && !problem && html`<div class="skeleton" role="status">Loading …</div>`}
    ${
      data &&
      html`<div class="columns">
        <div>
          <${Charts} fields=${fields} series=${series} />
          <${Messages} messages=${messages} />
        </div>
        <div>
          <${Facts} device=${data} live=${live} />
          ${
            routes.commands &&
            mayChange() &&
            html`<${Commands} type=${type} id=${id} commands=${typeOf(type)?.commands ?? []} />`
          }
          <${Credentials} credentials=${data.credentials} onDeed=${act} />
        </div>
      </div>`
    }
    ${deed && html`<${DeedDialog} deed=${deedOf(deed.name, { type, id, ...deed })} onEnd=${end} />`}
  </div>`
}

interface DeedButtonsProps {
  readonly revoked: boolean
  readonly canKick: boolean
  readonly onDeed: (name: DeedName) => void
}

function DeedButtons({ revoked, canKick, onDeed }: DeedButtonsProps): View {
  const button = (name: DeedName, text: string, kind = '') =>
    html`<button type="button" class="button ${kind}" onClick=${() => onDeed(name)}>${text}</button>`
  return html`<div class="buttons">
    ${canKick && button('kick', 'End sessions')}
    ${revoked ? button('restore', 'Restore') : button('revoke', 'Revoke', 'danger')}
    ${button('remove', 'Remove', 'danger')}
  </div>`
}
