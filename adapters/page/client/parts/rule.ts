/**
 * Rules as text.
 *
 * @module
 */
import type { Explanation } from '../../wire.ts'
import { html, type View } from '../html.ts'

type Rule = NonNullable<Explanation['rule']>

/** A rule as it was declared. */
export function RuleText({ rule }: { readonly rule: Rule }): View {
  const { effect, actions, filter, maxQos, retain, share } = rule
  return html`<code class="rule">${effect} ${actions.join(', ')} ${share !== undefined && `$share/${share}/`}${filter}${
    maxQos !== undefined && `, up to QoS ${maxQos}`
  }${retain !== undefined && (retain ? ', with retain' : ', without retain')}</code>`
}
