/**
 * Commands: a form for each, made from what its type declares, and what came of it.
 *
 * @module
 */
import { useState } from 'preact/hooks'
import type { CommandView } from '../../wire.ts'
import { announce } from '../announce.ts'
import { ask, asProblem, devicePath, type Problem } from '../api.ts'
import { html, type View } from '../html.ts'
import { Badge } from '../parts/badge.ts'
import { Select } from '../parts/field.ts'
import { Icon } from '../parts/icon.ts'
import { ProblemNotice } from '../parts/notice.ts'
import { PayloadFields, readPayload } from './payload.ts'

/** Seconds that a reply is waited for. */
const TIMEOUT = 15

interface Props {
  readonly type: string
  readonly id: string
  readonly commands: readonly CommandView[]
}

interface Outcome {
  readonly name: string
  readonly hasReply: boolean
  readonly seconds: number
  readonly reply?: unknown
  readonly problem?: Problem
}

/** One of the commands, to be sent. */
export function Commands({ type, id, commands }: Props): View {
  const [name, setName] = useState(commands[0]?.name ?? '')
  const [isBusy, setBusy] = useState(false)
  const [outcome, setOutcome] = useState<Outcome>()
  const command = commands.find((each) => each.name === name)
  const send = async (event: SubmitEvent) => {
    event.preventDefault()
    if (!command || isBusy) return
    const { hasReply } = command
    const begun = performance.now()
    const end = (what: Pick<Outcome, 'reply' | 'problem'>) =>
      setOutcome({ name, hasReply, seconds: (performance.now() - begun) / 1_000, ...what })
    setBusy(true)
    setOutcome(undefined)
    try {
      const payload = readPayload(command, event.currentTarget as HTMLFormElement)
      const path = `${devicePath(type, id)}/commands/${encodeURIComponent(name)}`
      const body = { timeout: TIMEOUT, ...(payload !== undefined && { payload }) }
      const { reply } = await ask<{ reply: unknown }>('POST', path, body)
      end({ reply })
      announce(hasReply ? `${name} was answered` : `${name} was sent`)
    } catch (error) {
      end({ problem: asProblem(error) })
    }
    setBusy(false)
  }
  if (!command) {
    return html`<section class="panel" aria-labelledby="commands">
      <header class="panel-head"><h2 id="commands">Commands</h2></header>
      <p class="muted">Devices of this type take none.</p>
    </section>`
  }
  return html`<section class="panel" aria-labelledby="commands">
    <header class="panel-head"><h2 id="commands">Commands</h2></header>
    <form class="command" onSubmit=${send}>
      <${Select}
        label="Command"
        value=${name}
        options=${commands.map((each) => [each.name, each.name])}
        onPick=${(picked: string) => {
          setName(picked)
          setOutcome(undefined)
        }}
      />
      <${PayloadFields} key=${name} command=${command} />
      <div class="buttons">
        <button type="submit" class="button primary" disabled=${isBusy}>
          <${Icon} name="send" />${isBusy ? 'Waiting for the reply …' : 'Send'}
        </button>
      </div>
    </form>
    ${outcome && html`<${OutcomeView} outcome=${outcome} />`}
  </section>`
}

function OutcomeView({ outcome }: { readonly outcome: Outcome }): View {
  const { name, hasReply, seconds, reply, problem } = outcome
  if (problem) return html`<${ProblemNotice} problem=${problem} />`
  const took = `${name} in ${seconds.toFixed(seconds < 1 ? 2 : 1)} s`
  return html`<div class="outcome" role="status">
    <${Badge} tone="good" icon="yes" text=${hasReply ? 'Replied' : 'Taken by the broker'} />
    <span class="muted">${took}</span>
    ${hasReply && reply !== null && html`<pre tabindex="0" aria-label="Reply">${JSON.stringify(reply, undefined, 2)}</pre>`}
  </div>`
}
