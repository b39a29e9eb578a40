declare module '*.svelte' {
  import type { Component } from 'svelte'

  const component: Component<{ station: unknown; rendered: () => void }>
  export default component
}
