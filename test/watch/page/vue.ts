/**
 * Vue, with a ref that the store sets.
 *
 * @module
 */
import { createApp, defineComponent, h, onScopeDispose, shallowRef, version } from 'vue'
import { live, type Mount } from './scenario.ts'

const mount: Mount = (place, watch, rendered) => {
  const app = createApp(
    defineComponent(() => {
      const station = shallowRef(watch.getSnapshot())
      onScopeDispose(
        watch.subscribe((snapshot) => {
          station.value = snapshot
        }),
      )
      return () => {
        rendered()
        return h('b', station.value.data?.temperature)
      }
    }),
  )
  app.mount(place)
  return () => app.unmount()
}

Object.assign(globalThis, { run: () => live(mount, version) })
