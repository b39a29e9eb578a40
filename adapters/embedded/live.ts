/**
 * The logins that are connected, by user name.
 *
 * @module
 */
import type { Holder } from './holder.ts'

/** Who is connected. */
export class LiveHolders {
  readonly #users = new Map<string, Set<Holder>>()

  /** Adds one. */
  add(holder: Holder): void {
    const { username } = holder.principal
    const holders = this.#users.get(username) ?? new Set()
    this.#users.set(username, holders.add(holder))
  }

  /** Takes one away. */
  delete(holder: Holder): void {
    const { username } = holder.principal
    const holders = this.#users.get(username)
    holders?.delete(holder)
    if (holders?.size === 0) this.#users.delete(username)
  }

  /** Those of a user name. */
  of(username: string): readonly Holder[] {
    return [...(this.#users.get(username) ?? [])]
  }
}
