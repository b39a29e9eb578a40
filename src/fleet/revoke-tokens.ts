/**
 * Revoking the tokens of a subject, and telling whoever has sessions of them.
 *
 * @module
 */
import type { Changes, TokenReport } from './changes.ts'
import type { TokenRevocations } from './token-revocations.ts'

/** What {@link revokeTokens} works with. */
export interface TokenRevoking {
  readonly revocations: Pick<TokenRevocations, 'revoke'>
  readonly changes: Pick<Changes, 'tell'>
  /** Has the next question about a user name read it anew. */
  readonly forget: (username: string) => void
}

/**
 * Revokes the tokens of user names that are one subject's, one for each pepper. Settles with the report
 * about the first.
 *
 * @throws As `Fleet.revokeTokens` does, after all were revoked and told.
 */
export async function revokeTokens(
  usernames: readonly string[],
  { revocations, changes, forget }: TokenRevoking,
): Promise<TokenReport> {
  const outcomes = await Promise.allSettled(
    usernames.map(async (username) => {
      const issuedUntil = await revocations.revoke(username).finally(() => forget(username))
      return changes.tell({ kind: 'tokens-revoked', username, issuedUntil })
    }),
  )
  const reports = outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
  return reports[0]!
}
