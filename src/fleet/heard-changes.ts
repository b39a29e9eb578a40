/**
 * Changes that other processes made, told to those who act on changes here.
 *
 * @module
 */
import { toError } from '../base/errors.ts'
import type { MaybePromise } from '../base/maybe-promise.ts'
import type { ChangeFailure, FleetChange, Registered } from './changes.ts'

/** Decides whether a shared way is this process's to take. */
export type Claim = (way: string) => MaybePromise<boolean>

/**
 * Tells of a change: of those about one user name, each listener one after the other.
 *
 * @param ways The shared ways that whoever made it takes.
 * @param claim Asked once about each of the others.
 * @param onFailure Told of each listener that failed, since nobody waits for it.
 */
export function tellHeard(
  listeners: Iterable<Registered>,
  change: FleetChange,
  ways: readonly string[],
  claim: Claim,
  onFailure: (failure: ChangeFailure) => void,
): void {
  const claims = new Map<string, Promise<boolean>>()
  const isOurs = ({ name, holds }: Registered): MaybePromise<boolean> => {
    if (holds === 'own') return true
    if (ways.includes(name)) return false
    const known = claims.get(name)
    if (known) return known
    const asked = Promise.resolve(claim(name))
    claims.set(name, asked)
    return asked
  }
  for (const registered of listeners) {
    const { name, listener, hearing } = registered
    const { username } = change
    const act = async () => {
      try {
        const ours = isOurs(registered)
        if (ours === true || (await ours)) await listener({ ...change, elsewhere: true })
      } catch (thrown) {
        onFailure({ name, error: toError(thrown) })
      }
    }
    const before = hearing.get(username)
    const acting = before ? before.then(act) : act()
    hearing.set(username, acting)
    void acting.then(() => {
      if (hearing.get(username) === acting) hearing.delete(username)
    })
  }
}

/** Tells that changes may have been missed. */
export function tellMissed(
  listeners: Iterable<Registered>,
  onFailure: (failure: ChangeFailure) => void,
): void {
  for (const { name, onMissed } of listeners) {
    try {
      onMissed()
    } catch (thrown) {
      onFailure({ name, error: toError(thrown) })
    }
  }
}
