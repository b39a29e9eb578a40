/**
 * The page with React: the watcher is made once, outside of it.
 *
 * @module
 */
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { openWatcher } from '../../browser/src/watcher.ts'
import { App } from './app.tsx'

const watcher = await openWatcher()
createRoot(document.querySelector('#app')!).render(
  <StrictMode>
    <App watcher={watcher} />
  </StrictMode>,
)
