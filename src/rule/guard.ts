/**
 * Refusing in the client what the broker would refuse: the same decision, before a packet leaves,
 * and with its reasons, which a broker never gives.
 *
 * @module
 */
import { AccessDeniedError } from './access-denied.ts'
import { compileAccess } from './compile.ts'
import type { AccessRequest } from './decision.ts'
import { explainDecision } from './explain.ts'
import { type Principal, withClientId } from './principal.ts'

/** Tells why a request is not granted; `undefined` if it is. */
export type FindDenial = (request: AccessRequest) => AccessDeniedError | undefined

/** Guards a connection under a client id; `undefined` where it is not known yet. */
export function clientGuard(principal: Principal, clientId: string | undefined): FindDenial {
  const connected = withClientId(principal, clientId)
  const access = compileAccess(connected)
  return (request) => {
    const decision = access.decide(request)
    if (decision.effect === 'allow') return undefined
    return new AccessDeniedError(explainDecision(decision, connected, request))
  }
}
