/**
 * What is drawn once and stays as it is, such as a row of a log: the list that it is in is drawn again with
 * each that comes, and this is not compared with what it was.
 *
 * @module
 */
import { Component, type ComponentType } from 'preact'
import type { View } from '../html.ts'

/** Makes a component of it. Its props are those that it was drawn with first: give it a key. */
export function once<Props>(view: (props: Props) => View): ComponentType<Props> {
  return class extends Component<Props> {
    override shouldComponentUpdate(): boolean {
      return false
    }

    override render(): View {
      return view(this.props)
    }
  }
}
