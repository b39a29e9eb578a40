/**
 * What a client process of the bench does, once, and what it says of it.
 *
 * @module
 */

/** A task. It goes to the process as JSON. */
export interface Task {
  /** `prepare` makes the session that `receive` drains, and `publish` fills. */
  readonly role: 'prepare' | 'receive' | 'publish' | 'call'
  /** This library, or the bare `mqtt` package with its defaults. */
  readonly with: 'devicehub' | 'mqtt'
  readonly url: string
  readonly qos: 0 | 1
  readonly count: number
  /** Of `publish`: how many messages are on their way at once. */
  readonly window?: number
}

/** What a task took, in milliseconds. */
export interface Outcome {
  /** From the first message to the last one. */
  readonly total: number
  /** Of `call`: the middle of all, and of the slowest hundredth the fastest. */
  readonly p50?: number
  readonly p99?: number
}

/** How many devices the messages come from. */
export const DEVICES = 100
/** How many messages are on their way at once while publishing, unless the task says so. */
export const WINDOW = 1_000
/** The client id of whoever receives; its session is filled beforehand. */
export const RECEIVER = 'bench-receiver'
export const TYPE = 'weatherstation'

export const deviceId = (i: number): string => `STATION-${String(i % DEVICES).padStart(4, '0')}`
export const dataTopic = (i: number): string => `things/${TYPE}/${deviceId(i)}/data`
export const FILTER: string = `things/${TYPE}/+/data`

/** About 100 bytes of JSON. */
export function payloadOf(i: number): string {
  return JSON.stringify({
    temperature: 20 + (i % 100) / 10,
    humidity: 40 + (i % 50),
    pressure: 1_000 + (i % 30),
    sequence: 1_000_000 + i,
    firmware: '2.14.0-rc.3',
  })
}
