/**
 * A simulated station: it measures, and takes a command.
 *
 * @module
 */
import type { Fleet } from 'devicehub'
import { mqtt } from 'devicehub/mqtt'
import { virtualDevice } from 'devicehub/testing'
import { weatherStation } from './types.ts'

/** Puts a station on record and switches it on. Settles when it is connected. */
export async function switchOn(fleet: Fleet, url: string, id: string): Promise<AsyncDisposable> {
  const station = virtualDevice(weatherStation, {
    login: await fleet.provision(weatherStation, id),
    connection: ({ username, password }) => mqtt({ url, username, password }),
    commands: {
      setInterval({ seconds }) {
        clearInterval(timer)
        timer = setInterval(measure, seconds * 1_000)
        return { seconds }
      },
    },
  })
  async function measure(): Promise<void> {
    const temperature = 20 + 2 * Math.sin(Date.now() / 10_000)
    await station.sendData({ temperature })
    await station.sendStatus({ status: 'measuring' })
  }
  await station.connect()
  let timer = setInterval(measure, 1_000)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await station.close()
    },
  }
}
