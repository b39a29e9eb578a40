/**
 * The fleet's decisions for the server, and what ends or changes them.
 *
 * @module
 */
import { withinDeadline } from '../../src/base/deadline.ts'
import { describeError } from '../../src/base/log.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import { recentMap } from '../../src/base/recent-map.ts'
import { type FleetChange, isRevocation } from '../../src/fleet/changes.ts'
import { describeLogin } from '../../src/fleet/denials.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { isTransient } from '../../src/fleet/transient.ts'
import { REASON } from '../../src/packet/reason.ts'
import type { Principal } from '../../src/rule/principal.ts'
import type { Login, LoginRequest, ServerGuard } from '../../src/server/guard.ts'
import type { Denial } from './denial.ts'
import { expiryWatch, isExpired } from './expiry.ts'
import { Holder, type HolderContext } from './holder.ts'
import { LiveHolders } from './live.ts'
import { standingUsers } from './standing.ts'

/** What keeps a server within a fleet's rules. */
export interface FleetGuard extends ServerGuard {
  /** A login is connected. */
  connected(holder: Holder): void
  /** Its connection has ended. */
  disconnected(holder: Holder): void
  /** Stops following what becomes of those who are connected. */
  close(): void
}

/** What a guard has done, and tells. */
export interface GuardEvents {
  readonly onDenied: ((denial: Denial) => void) | undefined
  /** The sessions of a user name are to end, with a reason code of DISCONNECT. */
  readonly onUserEnd: (username: string, reasonCode: number) => void
  /** A user name has other rights now. */
  readonly onUserChange: (username: string) => void
}

const DECISION_LIMIT_MS = 10_000
/** Shortest time between two questions about one user name, in milliseconds. */
const MIN_INTERVAL_MS = 1_000
/**
 * How many revocations are remembered, for the logins that are under way when they come. What was
 * connected before has ended with them.
 */
const MAX_REVOCATIONS = 20_000

/** Makes a guard. */
export function fleetGuard(fleet: Fleet, log: QuietLog, events: GuardEvents): FleetGuard {
  const live = new LiveHolders()
  /** By user name, the number of its latest revocation. */
  const revocations = recentMap<string, number>(MAX_REVOCATIONS)
  let revoked = 0
  let questions = 0
  // "The maximum connect time authorized for this connection has been exceeded": that is what a login
  // with an end authorizes.
  const expiries = expiryWatch((username) => events.onUserEnd(username, REASON.maximumConnectTime))
  const standing = standingUsers(Math.max(fleet.rulesLifetime * 1_000, MIN_INTERVAL_MS), askAgain)
  const context: HolderContext = {
    // A login that was under way when its device was revoked counts as one of before.
    isRevoked: ({ principal, since }) => (revocations.get(principal.username) ?? 0) > since,
    deny: denyUnasked,
  }
  const stopFollowing = fleet.onChange('embedded broker', followChange, {
    holds: 'own',
    onMissed: () => standing.askAll(),
  })

  function deny(denial: Denial): void {
    const { action, code, text } = denial
    log.write('warn', `${action} ${code}`, text)
    try {
      events.onDenied?.(denial)
    } catch (error) {
      log.write('error', 'onDenied', `onDenied failed: ${describeError(error)}`)
    }
  }

  /** What the fleet was not asked about, it is told of. */
  function denyUnasked(denial: Denial): void {
    const { action, username, topic, code, text } = denial
    fleet.tellDenied({
      ...{ action, code, explain: () => text },
      ...(username !== undefined && { username }),
      ...(topic !== undefined && { topic }),
    })
    deny(denial)
  }

  function revoke(username: string): void {
    revocations.set(username, ++revoked)
    events.onUserEnd(username, REASON.administrativeAction)
  }

  /** Reads who has a user name, and gives its connections the rights it has now. */
  async function askAgain(username: string): Promise<boolean> {
    const holders = live.of(username)
    if (holders.length === 0) return false
    const question = ++questions
    try {
      const tokens = holders.filter(({ principal }) => principal.kind === 'token')
      if (tokens.length > 0) {
        if (await withinDeadline(DECISION_LIMIT_MS, () => areRevoked(tokens))) gone(username)
        return live.of(username).length > 0
      }
      const read = () => fleet.findPrincipal(username)
      const principal = await withinDeadline(DECISION_LIMIT_MS, read)
      if (!principal || holders.some((holder) => !isSameDevice(principal, holder.principal))) {
        gone(username)
      } else {
        const changed = holders.filter((holder) => holder.update(principal, question))
        if (changed.length > 0) events.onUserChange(username)
      }
    } catch (error) {
      // Nobody's connection ends because the store is away. It is asked again.
      const problem = `could not be asked about again: ${describeError(error)}`
      log.write('warn', 'standing', `${username}, which is connected, ${problem}`)
    }
    return live.of(username).length > 0
  }

  async function areRevoked(holders: readonly Holder[]): Promise<boolean> {
    const asked = holders.map(({ principal }) => fleet.isTokenRevoked(principal))
    return (await Promise.all(asked)).includes(true)
  }

  function gone(username: string): void {
    const problem = 'is revoked or not on record any more: its sessions end.'
    log.write('info', 'gone', `${username} ${problem}`)
    revoke(username)
  }

  async function followChange({ kind, username }: FleetChange): Promise<void> {
    if (isRevocation(kind)) revoke(username)
    if (kind === 'updated') await askAgain(username)
  }

  function refuse(
    { username, clientId }: LoginRequest,
    code: Parameters<typeof describeLogin>[1],
    tell = denyUnasked,
  ): Login {
    const text = describeLogin(username, code)
    tell({ action: 'connect', username, clientId, code, text })
    const isLater = code !== 'password-malformed' && isTransient(code)
    // One answer for all others: which part of the login was wrong is not the client's to know.
    const reasonCode = isLater ? REASON.serverBusy : REASON.badUserNameOrPassword
    return { effect: 'deny', reasonCode }
  }

  async function decide(request: LoginRequest): Promise<Login> {
    const since = revoked
    const password = decodePassword(request.password)
    if (password === null) return refuse(request, 'password-malformed')
    const { username, clientId, peer } = request
    const ask = async () => fleet.authenticate({ username, password, clientId, peer })
    const login = await withinDeadline(DECISION_LIMIT_MS, ask)
    if (login.effect === 'deny') return refuse(request, login.code, deny)
    const { principal } = login
    const holder = new Holder(principal, clientId, since, context)
    if (!holder.isCurrent)
      return refuse(request, isExpired(principal) ? 'token-expired' : 'revoked')
    return { effect: 'allow', owner: principal.username, rights: holder }
  }

  return {
    async login(request) {
      try {
        return await decide(request)
      } catch (error) {
        log.write('error', 'login', `A login could not be decided: ${describeError(error)}`)
        return { effect: 'deny', reasonCode: REASON.serverUnavailable }
      }
    },

    connected(holder) {
      const { username, kind } = holder.principal
      live.add(holder)
      expiries.add(holder.principal)
      // What nobody else can change or revoke.
      if (kind !== 'service') standing.add(username)
      // It was revoked between the answer and now. The server is in the middle of something.
      if (!holder.isCurrent) {
        queueMicrotask(() => events.onUserEnd(username, REASON.administrativeAction))
      }
    },

    disconnected: (holder) => live.delete(holder),

    close() {
      stopFollowing()
      expiries.close()
      standing.close()
    },
  }
}

function isSameDevice(principal: Principal, other: Principal): boolean {
  return principal.device?.type === other.device?.type && principal.device?.id === other.device?.id
}

/** A password as text, or `null` if it is none. */
function decodePassword(password: Uint8Array | undefined): string | undefined | null {
  if (!password) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(password)
  } catch {
    return null
  }
}
