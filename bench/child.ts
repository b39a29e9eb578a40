/**
 * Processes that a bench starts.
 *
 * @module
 */
import type { ChildProcess } from 'node:child_process'
import process from 'node:process'

/** Has a child end with this process, whatever ends that. Returns how to end it before. */
export function endWithParent(child: ChildProcess): () => void {
  const kill = () => void child.kill()
  process.once('exit', kill)
  return () => {
    process.off('exit', kill)
    kill()
  }
}
