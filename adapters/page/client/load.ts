/**
 * What a view shows, loaded, and loaded again where the server could not answer.
 *
 * @module
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import { asProblem, type Problem } from './api.ts'

/** How far it is. What was loaded before stays until there is something newer. */
export interface Loaded<T> {
  readonly data: T | undefined
  readonly problem: Problem | undefined
  readonly isLoading: boolean
  readonly reload: () => void
}

const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 30_000

/**
 * Loads.
 *
 * @param key What is loaded; where it is another one, what was loaded before is forgotten.
 */
export function useLoaded<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [turn, setTurn] = useState(0)
  const [, setDrawn] = useState(0)
  const redraw = () => setDrawn((count) => count + 1)
  const known = useRef<{
    key: string
    data: T | undefined
    problem: Problem | undefined
    isLoading: boolean
  }>({ key, data: undefined, problem: undefined, isLoading: true })
  const latest = useRef(load)
  latest.current = load
  if (known.current.key !== key) {
    known.current = { key, data: undefined, problem: undefined, isLoading: true }
  }
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const attempt = async (pause: number) => {
      known.current.isLoading = true
      redraw()
      try {
        const data = await latest.current()
        if (isOver) return
        known.current = { key, data, problem: undefined, isLoading: false }
      } catch (error) {
        if (isOver) return
        const problem = asProblem(error)
        known.current = { ...known.current, problem, isLoading: false }
        if (problem.isPassing) {
          timer = setTimeout(attempt, pause, Math.min(pause * 2, LONGEST_PAUSE))
        }
      }
      redraw()
    }
    void attempt(FIRST_PAUSE)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [key, turn])
  return { ...known.current, reload: () => setTurn((count) => count + 1) }
}
