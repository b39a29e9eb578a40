// valve.ts
import { broker, publish, topics } from './device.ts'

await broker.connect({
  onMessage: async (message) => {
    const { id, command, payload } = JSON.parse(new TextDecoder().decode(message.payload))
    console.log(`${command} for ${payload.seconds} seconds`)
    await publish(topics.data, { litres: payload.seconds / 10 })
    await publish(topics.reply, { id, payload })
  },
})
await broker.subscribe([{ filter: topics.cmd }])
console.log('closed, and waiting')
