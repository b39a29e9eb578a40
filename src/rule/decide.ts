/**
 * The decision: may this principal do that? Pure and synchronous, with no clock and no I/O, so a
 * broker's HTTP call, the embedded broker and a unit test all get the same answer.
 *
 * @module
 */
import { compileAccess } from './compile.ts'
import type { AccessRequest, Decision } from './decision.ts'
import type { Principal } from './principal.ts'

/**
 * Decides about one request as {@link compileAccess} does about many. Never throws.
 */
export function decide(principal: Principal, request: AccessRequest): Decision {
  return compileAccess(principal).decide(request)
}
