/**
 * Which files of the repository some work passes through.
 *
 * @module
 */
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * The files below `src/` and `adapters/` in which a function is called while work is done, sorted.
 * What a module does when it is loaded does not count.
 */
export async function filesPassed(work: () => Promise<unknown>): Promise<readonly string[]> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
    // What was called before is in the first answer, and counts from zero after it.
    await session.post('Profiler.takePreciseCoverage')
    await work()
    const { result } = await session.post('Profiler.takePreciseCoverage')
    const passed = result.flatMap(({ url, functions }) => {
      const file = url.startsWith('file:') ? fileURLToPath(url.split('?')[0]!) : ''
      const isOurs = [`${root}src/`, `${root}adapters/`].some((start) => file.startsWith(start))
      const called = functions.some(({ functionName, ranges }) => {
        return functionName !== '' && ranges[0]!.count > 0
      })
      return isOurs && called ? [file.slice(root.length)] : []
    })
    return [...new Set(passed)].sort()
  } finally {
    session.disconnect()
  }
}
