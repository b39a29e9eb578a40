/**
 * Who logs in, and why a login fails.
 *
 * @module
 */
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import { ownsClientId } from '../rule/client-id.ts'
import { type BrokerFacts, findDeviceProblem } from '../rule/facts.ts'
import type { Principal } from '../rule/principal.ts'
import { LoginAttemptCount } from './attempt.ts'
import type { Directory } from './directory.ts'
import type { Login, LoginDenial, LoginRequest } from './fleet.ts'
import type { SharedFailures } from './shared-failures.ts'
import { loginThrottle } from './throttle.ts'

/** What a guess at a login ends in. One that was not tried is none. */
const GUESSES: readonly LoginDenial[] = ['principal-unknown', 'password-wrong']

/**
 * Makes what `Fleet.authenticate` does.
 *
 * @param shared Failures that other processes count as well, if there are such.
 */
export function loginCheck(
  directory: Directory,
  shared: SharedFailures | undefined,
): (login: LoginRequest) => MaybePromise<Login> {
  const throttle = loginThrottle()

  return ({ username, password, clientId, peer, facts, anyClientId = false }) => {
    if (!username || password === undefined) {
      return { effect: 'deny', code: 'credentials-missing' }
    }
    const attempt = new LoginAttemptCount({ throttle, shared, username, peer })
    return andThen(directory.login({ username, password, clientId, attempt }), (outcome): Login => {
      if (typeof outcome !== 'string') {
        if (facts && findDeviceProblem(outcome, facts)) {
          return { effect: 'deny', code: 'device-unsupported' }
        }
        if (facts && !anyClientId && isForeign(clientId, outcome, facts)) {
          return { effect: 'deny', code: 'client-id-foreign' }
        }
        return { effect: 'allow', principal: outcome }
      }
      if (GUESSES.includes(outcome)) attempt.addFailure()
      return { effect: 'deny', code: outcome }
    })
  }
}

/** Whether a broker would give a client a session that may be somebody else's. */
function isForeign(
  clientId: string | undefined,
  principal: Principal,
  { clientId: tells, sessionsBy = 'client-id' }: BrokerFacts,
): boolean {
  if (!tells || sessionsBy === 'user-name') return false
  return clientId === undefined || !ownsClientId(principal, clientId)
}
