// hub.ts
import { createHub } from 'devicehub'
import { openBroker } from './broker.ts'
import { fleet } from './fleet.ts'
import { keepMeasurement } from './measurements.ts'
import { climate, valve } from './types.ts'

export const hub = createHub(fleet, { brokers: { default: await openBroker() } })

hub.onData(climate, ({ device, data, timestamp, receivedAt }) => {
  keepMeasurement(device.id, timestamp ?? receivedAt, data)
  console.log(`${device.id}: ${data.temperature} °C, ${data.humidity} %`)
})
hub.onData(valve, ({ device, data }) => console.log(`${device.id}: ${data.litres} litres`))
hub.onRejected(({ code, text }) => console.log(`rejected, ${code}: ${text}`))

await hub.start()
console.log('the hub listens')
