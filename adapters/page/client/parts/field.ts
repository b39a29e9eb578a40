/**
 * Fields of forms, each with its name.
 *
 * @module
 */
import { type Content, html, type View } from '../html.ts'

interface FieldProps {
  readonly label: string
  readonly hint?: Content
  readonly kind?: string
  /** The input itself. */
  readonly children: Content
}

/** An input under its name. */
export function Field({ label, hint, kind = '', children }: FieldProps): View {
  return html`<label class="field ${kind}">
    <span>${label}</span>
    ${children}
    ${hint && html`<small class="muted">${hint}</small>`}
  </label>`
}

interface SelectProps {
  readonly label: string
  readonly value: string
  readonly options: readonly (readonly [value: string, text: string])[]
  readonly onPick: (value: string) => void
}

/** One of several. */
export function Select({ label, value, options, onPick }: SelectProps): View {
  const pick = (event: Event) => onPick((event.currentTarget as HTMLSelectElement).value)
  return html`<${Field} label=${label}>
    <select value=${value} onChange=${pick}>
      ${options.map(([each, text]) => html`<option value=${each} selected=${each === value}>${text}</option>`)}
    </select>
  <//>`
}

interface TextProps {
  readonly label: string
  readonly value: string
  readonly placeholder?: string
  /** Called when whoever types has come to an end. */
  readonly onEnter: (value: string) => void
}

/** A text that narrows a list. */
export function TextFilter({ label, value, placeholder, onEnter }: TextProps): View {
  const enter = (event: Event) => {
    const entered = (event.currentTarget as HTMLInputElement).value.trim()
    if (entered !== value) onEnter(entered)
  }
  return html`<${Field} label=${label}>
    <input
      type="search"
      value=${value}
      placeholder=${placeholder}
      autocomplete="off"
      autocapitalize="off"
      spellcheck="false"
      onChange=${enter}
    />
  <//>`
}
