// sensor.ts
import { broker, publish, topics, values } from './device.ts'

const [temperature, humidity] = values.map(Number)
await broker.connect({ onMessage: async () => {} })
await publish(topics.data, { temperature, humidity, timestamp: Date.now() })
await broker.close()
console.log('measured, and asleep again')
