/**
 * The route that revokes the tokens of a subject.
 *
 * @module
 */
import { tokenReport } from './answers.ts'
import { seesAll } from './operator.ts'
import { ProblemError } from './problem.ts'
import { tokenSubject } from './requests.ts'
import { type AdminRoute, fleetRoute } from './route.ts'

/** Whose tokens they are no operator is told that sees some devices alone: it may revoke none. */
export const tokens: readonly AdminRoute[] = [
  fleetRoute(
    {
      method: 'post',
      path: '/tokens/revoke',
      action: 'revoke-tokens',
      summary: 'Revoke all tokens of a subject, and end its sessions',
      body: tokenSubject,
      answer: tokenReport,
    },
    async ({ fleet, operator, deed, body: { subject } }) => {
      deed.aboutSubject(subject)
      if (!seesAll(operator)) {
        const detail = 'Tokens are revoked by operators that see all devices'
        throw new ProblemError(403, 'operator-limited', detail)
      }
      await deed.begin()
      return fleet.revokeTokens(subject)
    },
  ),
]
