/**
 * Who looks, and what there is to look at.
 *
 * @module
 */
import { signal } from '@preact/signals'
import type { MeView, TypesView, TypeView } from '../wire.ts'
import { ask, asProblem, type Problem, whenStranger } from './api.ts'

/** Who looks: nothing can be shown before that is known. */
export interface Session {
  readonly me: MeView
  readonly types: readonly TypeView[]
}

/** `undefined` until it is known. */
export const session = signal<Session | undefined>(undefined)
/** Why it is not known. */
export const sessionProblem = signal<Problem | undefined>(undefined)
/** Whether whoever looked is not let in any more. */
export const isStranger = signal(false)

whenStranger(() => {
  isStranger.value = true
})

const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 30_000
let pause = FIRST_PAUSE
let timer: ReturnType<typeof setTimeout> | undefined

/** Finds out, and again where the server cannot say. Whoever may do something else now sees that. */
export async function loadSession(): Promise<void> {
  clearTimeout(timer)
  try {
    const [me, { types }] = await Promise.all([
      ask<MeView>('GET', 'me'),
      ask<TypesView>('GET', 'types'),
    ])
    session.value = { me, types }
    sessionProblem.value = undefined
    isStranger.value = false
    pause = FIRST_PAUSE
  } catch (error) {
    const problem = asProblem(error)
    sessionProblem.value = problem
    if (!problem.isPassing) return
    timer = setTimeout(loadSession, pause)
    pause = Math.min(pause * 2, LONGEST_PAUSE)
  }
}

/** A type by its name. */
export function typeOf(name: string): TypeView | undefined {
  return session.value?.types.find((type) => type.name === name)
}

/** Whether whoever looks may change something. */
export function mayChange(): boolean {
  return session.value?.me.mayChange === true
}
