/**
 * Who logs in, and why a login fails.
 *
 * @module
 */
import { isTokenUsername, type TokenAuthority } from '../credential/token.ts'
import type { PasswordVerifier } from '../credential/verifier.ts'
import { validCredentials } from '../device/credentials.ts'
import type { DeviceRecord } from '../device/store.ts'
import { ownsClientId } from '../rule/client-id.ts'
import { type BrokerFacts, findDeviceProblem } from '../rule/facts.ts'
import { type Principal, withClientId } from '../rule/principal.ts'
import type { Fleet, LoginDenial } from './fleet.ts'
import type { CompiledService } from './service-account.ts'
import { loginThrottle } from './throttle.ts'

/** What {@link loginCheck} takes. */
export interface LoginOptions {
  /** Service accounts by user name. */
  readonly services: ReadonlyMap<string, CompiledService>
  readonly tokens: TokenAuthority | undefined
  readonly verifier: PasswordVerifier
  readonly findRecord: (username: string) => Promise<DeviceRecord | undefined>
  readonly principalOf: (record: DeviceRecord) => Principal | undefined
}

/** What a guess at a login ends in. */
const GUESSES: readonly LoginDenial[] = ['principal-unknown', 'password-wrong', 'throttled']

/** Makes {@link Fleet.authenticate}. */
export function loginCheck(options: LoginOptions): Fleet['authenticate'] {
  const { services, tokens, verifier, findRecord, principalOf } = options
  const throttle = loginThrottle()

  /** Who logs in, or why it fails. */
  async function findLogin(
    username: string,
    password: string,
    isThrottled: boolean,
  ): Promise<Principal | LoginDenial> {
    const service = services.get(username)
    if (!service && tokens && isTokenUsername(username)) {
      return tokens.verify(username, password, Date.now())
    }
    const record = service ? undefined : await findRecord(username)
    const hashes = service
      ? [service.hash]
      : record
        ? validCredentials(record, Date.now()).map((credential) => credential.hash)
        : []
    const verdict = await verifier.verify(username, password, hashes, isThrottled)
    if (typeof verdict === 'string') return verdict
    if (!service && !record) return 'principal-unknown'
    if (!verdict) return 'password-wrong'
    if (service) return service.principal
    if (record!.revoked) return 'revoked'
    return principalOf(record!) ?? 'principal-unknown'
  }

  return async ({ username, password, clientId, peer, facts, anyClientId = false }) => {
    if (!username || password === undefined) {
      return { effect: 'deny', code: 'credentials-missing' }
    }
    const source = { username, peer }
    const outcome = await findLogin(username, password, throttle.isThrottled(source, Date.now()))
    if (typeof outcome !== 'string') {
      throttle.forget(username)
      if (facts && findDeviceProblem(outcome, facts)) {
        return { effect: 'deny', code: 'device-unsupported' }
      }
      if (facts && !anyClientId && isForeign(clientId, outcome, facts)) {
        return { effect: 'deny', code: 'client-id-foreign' }
      }
      return { effect: 'allow', principal: withClientId(outcome, clientId) }
    }
    if (GUESSES.includes(outcome)) throttle.addFailure(source, Date.now())
    return { effect: 'deny', code: outcome }
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
