/**
 * A card for a station.
 *
 * @module
 */
import type { Watcher } from 'devicehub'
import { useActionState, useSyncExternalStore } from 'react'
import { changeInterval, presenceText } from '../../browser/src/words.ts'
import { weatherStation } from '../../browser/types.ts'

export function Station({ watcher, id }: { readonly watcher: Watcher; readonly id: string }) {
  // The same object each time, so nothing is to be memorized.
  const station = watcher.watch(weatherStation, { id })
  const snapshot = useSyncExternalStore(station.subscribe, station.getSnapshot)
  const { data, status, presence, refused } = snapshot
  const [{ seconds, answer }, send] = useActionState(
    async (_: unknown, form: FormData) => {
      const seconds = Number(form.get('seconds'))
      return { seconds, answer: await changeInterval(station, seconds) }
    },
    { seconds: 2, answer: '' },
  )
  return (
    <section>
      <h2>{id}</h2>
      <p className="temperature">{data && `${data.temperature.toFixed(1)} °C`}</p>
      <p className="status">{status?.status}</p>
      <p className="presence">{presenceText(presence)}</p>
      <form action={send}>
        <label>
          Seconds between two measurements{' '}
          <input name="seconds" type="number" defaultValue={seconds} />
        </label>
        <button type="submit">Set</button>
      </form>
      <output>{answer}</output>
      <p className="refused" role="alert">
        {refused.data?.message}
      </p>
    </section>
  )
}
