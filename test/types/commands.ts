/**
 * Commands: their payloads and replies. Each `@ts-expect-error` names the error that the next line
 * must have; `test/package/types.node.test.ts` checks that it is that one.
 *
 * @module
 */
import { type DeviceType, presenceTracker } from 'devicehub'
import { fleet, hub, meter, same, station } from './fixture.ts'

const presence = presenceTracker({ types: fleet.types })

const device = hub.device(station, 'STATION-001')

const reply = await device.send('setInterval', { interval: 60 })
same<typeof reply, { interval: number; since: Date }>()

const nothing = await device.send('reboot')
same<typeof nothing, undefined>()
await device.send('reboot', { timeout: 5, signal: AbortSignal.timeout(1_000) })

const tested = await device.send('selfTest')
same<typeof tested, { passed: boolean }>()

// What the schema fills in may be left out.
await device.send('blink', {})
await device.send('blink', { times: 3 })

// @ts-expect-error TS2322: the interval is a number
await device.send('setInterval', { interval: '60' })

// @ts-expect-error TS2353: the payload declares no such field
await device.send('setInterval', { interval: 60, unit: 's' })

// @ts-expect-error TS2345: the interval is missing
await device.send('setInterval', {})

// @ts-expect-error TS2554: the payload is missing
await device.send('setInterval')

// @ts-expect-error TS2353: this command has no payload
await device.send('reboot', { hard: true })

// @ts-expect-error TS2345: no such command
await device.send('selfDestruct')

// @ts-expect-error TS2554: a type without commands understands none
await hub.device(meter, 'M-1').send('reboot')

// @ts-expect-error TS2322: the reply's interval is a number
const interval: string = reply.interval

// @ts-expect-error TS2339: the reply declares no such field
reply.unit

// @ts-expect-error TS2741: the reply of one command is not that of another
const mixed: typeof tested = reply

// @ts-expect-error TS18048: this command has no reply
nothing.interval

// @ts-expect-error TS2353: no such option
await device.send('reboot', { retries: 3 })

// By texts, as a route has them, and without a cast.
async function route(type: string, id: string, command: string, body: unknown): Promise<unknown> {
  const handle = fleet.type(type)
  same<typeof handle, DeviceType>()
  presence.of(handle, id)
  return hub.device(handle, id).sendByName(command, body, { timeout: 5 })
}

// @ts-expect-error TS2571: what is named by a text has no reply of a known form
const unknown = (await device.sendByName('selfTest', undefined)).passed

// @ts-expect-error TS2345: a name is text
fleet.type(station)

export { interval, mixed, route, unknown }
