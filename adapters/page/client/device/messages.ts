/**
 * What a device sent last, as it came.
 *
 * @module
 */
import type { Signal } from '@preact/signals'
import type { LiveMessage } from '../../wire.ts'
import { html, type View } from '../html.ts'
import { HeldTable } from '../parts/held.ts'
import { once } from '../parts/once.ts'
import { Cell } from '../parts/table.ts'
import { Clock } from '../parts/time.ts'

/** A message with a key of its own. */
export interface ShownMessage extends LiveMessage {
  readonly key: number
}

interface Props {
  readonly messages: Signal<readonly ShownMessage[]>
}

/** The messages, the newest first. */
export function Messages({ messages }: Props): View {
  return html`<section class="panel" aria-labelledby="messages">
    <header class="panel-head">
      <h2 id="messages">Messages</h2><span class="muted">the last, while you look</span>
    </header>
    ${
      messages.value.length === 0
        ? html`<p class="muted">None came yet.</p>`
        : html`<${HeldTable}
            label="Messages"
            columns=${['Time', 'Channel', 'What']}
            items=${messages.value}
            row=${rowOf}
            screens=${0.5}
            at=${cameAt}
          />`
    }
  </section>`
}

const cameAt = ({ at }: ShownMessage) => at
const rowOf = (message: ShownMessage) => html`<${Message} key=${message.key} message=${message} />`

const Message = once(({ message }: { readonly message: ShownMessage }) => {
  const { at, channel, text, isCut } = message
  return html`<tr role="row">
    <${Cell} label="Time" kind="number"><${Clock} at=${at} /><//>
    <${Cell} label="Channel">${channel}<//>
    <${Cell} label="What" kind="wide"><code>${isCut ? `${text} …` : text && spaced(text)}</code><//>
  </tr>`
})

/** JSON with spaces between its parts, where a line may end. */
function spaced(text: string): string {
  // A line feed in a text is written as two characters: each that is found is between parts.
  const lines = JSON.stringify(JSON.parse(text), undefined, 1)
  return lines.replace(/,\n */g, ', ').replace(/\n */g, '')
}
