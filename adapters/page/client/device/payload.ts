/**
 * The payload of a command, as fields of a form: one for each property that its schema declares, and JSON
 * for what is more than that.
 *
 * @module
 */
import type { CommandView } from '../../wire.ts'
import { Problem } from '../api.ts'
import { html, type View } from '../html.ts'
import { Field } from '../parts/field.ts'

/** As far as a form makes something of it. */
interface Property {
  readonly type?: unknown
  readonly title?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly unit?: string
}

interface Declared {
  readonly name: string
  readonly property: Property
  readonly isRequired: boolean
}

/** The field that takes the whole payload as JSON. */
const WHOLE = 'payload'

/** The properties of a payload; `undefined` where it is no object that says what it has. */
function propertiesOf({ payload }: CommandView): readonly Declared[] | undefined {
  const {
    type,
    properties,
    required = [],
  } = (payload ?? {}) as {
    readonly type?: unknown
    readonly properties?: Readonly<Record<string, Property>>
    readonly required?: readonly string[]
  }
  if (type !== 'object' || properties === undefined) return undefined
  return Object.entries(properties).map(([name, property]) => ({
    name,
    property,
    isRequired: required.includes(name),
  }))
}

/** The fields. */
export function PayloadFields({ command }: { readonly command: CommandView }): View {
  if (!command.hasPayload) return html`<p class="muted">It takes no payload.</p>`
  const properties = propertiesOf(command)
  if (!properties) {
    return html`<${Field} label="Payload" hint="As JSON">
      <textarea name=${WHOLE} rows="4" spellcheck=${false} required></textarea>
    <//>`
  }
  return html`<div class="fields">
    ${properties.map((declared) => html`<${PropertyField} key=${declared.name} ...${declared} />`)}
  </div>`
}

function PropertyField({ name, property, isRequired }: Declared): View {
  const { title = name, description, unit, minimum, maximum } = property
  const label = `${title}${unit ? ` in ${unit}` : ''}${isRequired ? '' : ' (optional)'}`
  const limits = [
    minimum !== undefined && `at least ${minimum}`,
    maximum !== undefined && `at most ${maximum}`,
  ].filter(Boolean)
  const hint = [description, limits.join(', ')].filter(Boolean).join('. ')
  return html`<${Field} label=${label} hint=${hint}>${inputOf(name, property, isRequired)}<//>`
}

function inputOf(name: string, property: Property, isRequired: boolean): View {
  const { type, minimum, maximum, minLength, maxLength } = property
  const given = property.default
  const common = { name, required: isRequired }
  const choices = choicesOf(property)
  if (choices) {
    return html`<select ...${common}>
      ${!isRequired && html`<option value="">–</option>`}
      ${choices.map(
        (each) =>
          html`<option value=${JSON.stringify(each)} selected=${each === given}>${String(each)}</option>`,
      )}
    </select>`
  }
  if (type === 'number' || type === 'integer') {
    const step = type === 'integer' ? 1 : 'any'
    return html`<input type="number" ...${common} step=${step} min=${minimum} max=${maximum} value=${given} />`
  }
  if (type === 'string') {
    return html`<input type="text" ...${common} minlength=${minLength} maxlength=${maxLength} value=${given} autocomplete="off" />`
  }
  return html`<textarea ...${common} rows="3" spellcheck=${false} placeholder="JSON"></textarea>`
}

function choicesOf(property: Property): readonly unknown[] | undefined {
  if (property.enum) return property.enum
  if ('const' in property) return [property.const]
  return property.type === 'boolean' ? [true, false] : undefined
}

/**
 * Reads what was entered. What is optional and empty is left out.
 *
 * @throws {Problem} If a field has to be JSON and is none.
 */
export function readPayload(command: CommandView, form: HTMLFormElement): unknown {
  if (!command.hasPayload) return undefined
  const entered = new FormData(form)
  const properties = propertiesOf(command)
  if (!properties) return parse(WHOLE, String(entered.get(WHOLE)))
  const values = properties.flatMap(({ name, property, isRequired }) => {
    const text = String(entered.get(name) ?? '')
    const isText = property.type === 'string' && !choicesOf(property)
    if (text === '' && !(isText && isRequired)) return []
    return [[name, isText ? text : parse(name, text)] as const]
  })
  return Object.fromEntries(values)
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const errors = [{ path, problem: 'is no JSON' }]
    throw new Problem(400, 'request-invalid', 'The payload cannot be read.', { errors })
  }
}
