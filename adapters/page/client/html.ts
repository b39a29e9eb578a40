/**
 * Elements as tagged templates.
 *
 * @module
 */
import htm from 'htm'
import { type ComponentChildren, h, type VNode } from 'preact'

/** What a component returns. */
export type View = VNode
/** What stands in an element. */
export type Content = ComponentChildren

/** Makes elements; a template has one root. */
export const html: (strings: TemplateStringsArray, ...values: readonly unknown[]) => View =
  htm.bind(h) as never
