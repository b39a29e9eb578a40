/**
 * Svelte, of which a store is the store.
 *
 * @module
 */
import { mount as mountComponent, unmount } from 'svelte'
import { live, type Mount } from './scenario.ts'
import Temperature from './Temperature.svelte'

const mount: Mount = (place, station, rendered) => {
  const component = mountComponent(Temperature, { target: place, props: { station, rendered } })
  return () => void unmount(component)
}

Object.assign(globalThis, { run: () => live(mount) })
