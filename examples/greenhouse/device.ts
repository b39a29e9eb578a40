// device.ts
import { readFileSync } from 'node:fs'
import type { ProvisionedDevice } from 'devicehub'
import { mqtt } from 'devicehub/mqtt'

export const [file = '', ...values] = process.argv.slice(2)
export const { username, password, topics }: ProvisionedDevice = JSON.parse(
  readFileSync(file, 'utf8'),
)
export const broker = mqtt({ url: 'mqtt://localhost:1883', username, password })

export function publish(topic: string, value: unknown) {
  return broker.publish({ topic, payload: new TextEncoder().encode(JSON.stringify(value)) })
}
