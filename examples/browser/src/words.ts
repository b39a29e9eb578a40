/**
 * What the page says.
 *
 * @module
 */
import {
  type DeviceWatch,
  TokenLoginError,
  type WatchedPresence,
  type WatcherConnection,
} from 'devicehub'
import type { weatherStation } from '../types.ts'

/** Whether all that is shown is new. */
export function connectionText({ state, error }: WatcherConnection): string {
  if (error?.cause instanceof TokenLoginError && error.cause.status === 401) {
    return 'You are signed out, and nothing here is new'
  }
  if (state === 'connected') return 'Live'
  return `Not connected${error ? `: ${error.message}` : ' yet'}`
}

/** Whether the station is there. */
export function presenceText({ connected, fresh, lastHeard }: WatchedPresence): string {
  if (lastHeard === undefined) return 'Not heard yet'
  const time = new Date(lastHeard).toLocaleTimeString()
  return `${connected && fresh ? 'There' : 'Silent'}, last heard at ${time}`
}

/** Sends a command. Settles with what became of it. */
export async function changeInterval(
  station: DeviceWatch<typeof weatherStation>,
  seconds: number,
): Promise<string> {
  try {
    const reply = await station.send('setInterval', { seconds })
    return `It measures every ${reply.seconds} s now`
  } catch (error) {
    return String(error)
  }
}
