/**
 * What ends a command that runs until it is told to stop.
 *
 * @module
 */
import process from 'node:process'
import { exitCode } from './failure.ts'

/** From now on the first SIGINT or SIGTERM aborts the signal, and a second ends the process. */
export function stopSignal(): AbortSignal {
  const stopped = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stopped.signal.aborted) process.exit(exitCode.interrupted)
      stopped.abort()
    })
  }
  return stopped.signal
}

/** Settles when the signal aborts. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
