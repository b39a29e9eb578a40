/**
 * Asking the rules: who may do what, why, and what would be granted instead.
 *
 * @module
 */
import { useEffect, useState } from 'preact/hooks'
import type { Explanation } from '../../wire.ts'
import { announce } from '../announce.ts'
import { ask } from '../api.ts'
import { html, type View } from '../html.ts'
import { useLoaded } from '../load.ts'
import { Badge } from '../parts/badge.ts'
import { Field } from '../parts/field.ts'
import { Icon } from '../parts/icon.ts'
import { ProblemNotice } from '../parts/notice.ts'
import { PageHead } from '../parts/page-head.ts'
import { RuleText } from '../parts/rule.ts'
import { go, linkTo, route } from '../router.ts'

type Question = Readonly<Record<string, string>>

/** The view: what is asked stands in its address. */
export function RulesView(): View {
  const { query } = route.value
  const isAsked = Boolean(query.username && query.topic)
  return html`<div>
    <${PageHead} title="Ask the rules" text="Who may do what, why, and what would be granted instead. Brokers are answered by the same rules." />
    <${Form} key=${JSON.stringify(query)} query=${query} />
    ${isAsked && html`<${Answer} query=${query} />`}
  </div>`
}

function Form({ query }: { readonly query: Question }): View {
  const [action, setAction] = useState(query.action ?? 'publish')
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    go(linkTo(['rules'], Object.fromEntries([...form].map(([key, value]) => [key, String(value)]))))
  }
  const plain = { autocomplete: 'off', autocapitalize: 'off', spellcheck: false }
  return html`<form class="panel question" onSubmit=${submit}>
    <${Field} label="Who" hint="A user name, such as pump/PUMP-1">
      <input name="username" required value=${query.username ?? ''} ...${plain} />
    <//>
    <fieldset class="choice">
      <legend>Does what</legend>
      ${['publish', 'subscribe'].map(
        (each) => html`<label>
          <input type="radio" name="action" value=${each} checked=${action === each} onChange=${() => setAction(each)} />
          ${each}
        </label>`,
      )}
    </fieldset>
    <${Field} label=${action === 'publish' ? 'Topic' : 'Topic filter'} hint="Such as things/pump/PUMP-1/data">
      <input name="topic" required value=${query.topic ?? ''} ...${plain} />
    <//>
    <${Field} label="Client id" hint="If it matters to a rule">
      <input name="clientId" value=${query.clientId ?? ''} ...${plain} />
    <//>
    <${Field} label="QoS">
      <select name="qos">
        ${['', '0', '1', '2'].map(
          (each) =>
            html`<option value=${each} selected=${each === (query.qos ?? '')}>${each || 'not told'}</option>`,
        )}
      </select>
    <//>
    ${
      action === 'publish' &&
      html`<${Field} label="Retain">
        <select name="retain">
          ${[
            ['', 'not told'],
            ['false', 'no'],
            ['true', 'yes'],
          ].map(
            ([each, text]) =>
              html`<option value=${each} selected=${each === (query.retain ?? '')}>${text}</option>`,
          )}
        </select>
      <//>`
    }
    <button type="submit" class="button primary"><${Icon} name="rules" />Ask</button>
  </form>`
}

function Answer({ query }: { readonly query: Question }): View {
  const { username, action = 'publish', topic, clientId, qos, retain } = query
  const body = {
    username,
    action,
    topic,
    ...(clientId && { clientId }),
    ...(qos && { qos: Number(qos) }),
    ...(retain && { retain: retain === 'true' }),
  }
  const load = () => ask<Explanation>('POST', 'explain', body)
  const { data, problem, reload } = useLoaded(JSON.stringify(body), load)
  useEffect(() => {
    if (data) announce(data.effect === 'allow' ? 'It is granted' : 'It is denied')
  }, [data])
  if (problem) return html`<${ProblemNotice} problem=${problem} retry=${reload} />`
  if (!data) return html`<div class="skeleton" role="status">Asking …</div>`
  const isGranted = data.effect === 'allow'
  return html`<section class="panel answer" aria-label="Answer">
    <${Badge} tone=${isGranted ? 'good' : 'bad'} icon=${isGranted ? 'online' : 'offline'} text=${isGranted ? 'Granted' : 'Denied'} />
    <p class="verdict">${data.text}</p>
    <p class="muted">Code <code>${data.code}</code>${data.rule && html`, decided by <${RuleText} rule=${data.rule} />`}</p>
    ${
      data.nearMisses.length > 0 &&
      html`<div>
        <h2>What would be granted instead</h2>
        <ul class="misses">
          ${data.nearMisses.map(
            ({ code, rule, filter, text }) => html`<li>
              <p>
                <strong>${rule.actions.join(' or ')} <code>${filter}</code></strong>
                <a
                  class="aside"
                  href=${linkTo(['rules'], { ...query, ...instead(rule, filter, action) })}
                  aria-label=${`Ask about it: ${filter}`}
                >Ask about it</a>
              </p>
              <p class="muted">${text[0]?.toUpperCase()}${text.slice(1)}</p>
              <p class="muted"><${RuleText} rule=${rule} />, <code>${code}</code></p>
            </li>`,
          )}
        </ul>
      </div>`
    }
  </section>`
}

type Rule = NonNullable<Explanation['rule']>

/** The question that the rule would answer with yes. */
function instead(rule: Rule, filter: string, action: string): Record<string, string | undefined> {
  const actions: readonly string[] = rule.actions
  const { share, maxQos, retain } = rule
  return {
    action: actions.includes(action) ? action : actions[0],
    topic: share === undefined ? filter : `$share/${share}/${filter}`,
    ...(maxQos !== undefined && { qos: String(maxQos) }),
    ...(retain !== undefined && { retain: String(retain) }),
  }
}
