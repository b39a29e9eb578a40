/**
 * A page that watches a device, typed, over the small client.
 *
 * @module
 */
import { browserBroker, createWatcher, defineDeviceType } from 'devicehub/browser'
import * as v from 'valibot'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const broker = browserBroker({
  url: 'wss://broker.example/mqtt',
  username: 'pump/P-1',
  password: 'secret',
})
const watcher = createWatcher(broker)
await watcher.start()
watcher
  .watch(pump, { id: 'P-1' })
  .subscribe(({ data, presence }) => console.log(data?.rpm, presence.fresh))
