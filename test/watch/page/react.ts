/**
 * React, under StrictMode, which mounts everything twice.
 *
 * @module
 */
import { createElement, StrictMode, useSyncExternalStore, version } from 'react'
import { createRoot } from 'react-dom/client'
import { live, type Mount } from './scenario.ts'

interface Props {
  readonly watch: Parameters<Mount>[1]
  readonly rendered: () => void
}

function Temperature({ watch, rendered }: Props) {
  const { data } = useSyncExternalStore(watch.subscribe, watch.getSnapshot)
  rendered()
  return createElement('b', undefined, data?.temperature)
}

const mount: Mount = (place, watch, rendered) => {
  const root = createRoot(place)
  root.render(createElement(StrictMode, undefined, createElement(Temperature, { watch, rendered })))
  return () => root.unmount()
}

Object.assign(globalThis, { run: () => live(mount, version) })
