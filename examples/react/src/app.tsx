/**
 * What is on the page.
 *
 * @module
 */
import type { Watcher } from 'devicehub'
import { useSyncExternalStore } from 'react'
import { connectionText } from '../../browser/src/words.ts'
import { STATIONS } from '../../browser/types.ts'
import { Station } from './station.tsx'

export function App({ watcher }: { readonly watcher: Watcher }) {
  const { connection } = watcher
  const state = useSyncExternalStore(connection.subscribe, connection.getSnapshot)
  return (
    <>
      <header>
        <h1>Weather stations</h1>
        <p role="status">{connectionText(state)}</p>
        <form method="post" action="/sign-out">
          <button type="submit">Sign out</button>
        </form>
      </header>
      <main>
        {STATIONS.map((id) => (
          <Station key={id} watcher={watcher} id={id} />
        ))}
      </main>
    </>
  )
}
