/**
 * The route that ends what a device has at its brokers, and leaves its rights as they are.
 *
 * @module
 */
import { withinDeadline } from '../../src/base/deadline.ts'
import { ConfigError, DeviceHubError } from '../../src/base/errors.ts'
import { describeError } from '../../src/base/log.ts'
import { checkMethods } from '../../src/base/options.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import type { Kick } from '../../src/fleet/kick.ts'
import { kicked } from './answers.ts'
import { ProblemError } from './problem.ts'
import { type AdminRoute, deviceRoute } from './route.ts'

/** Milliseconds for all of them, below what an answer may take. */
const KICK_LIMIT_MS = 20_000

/** A broker where sessions may go on. */
interface KickFailure {
  readonly name: string
  /** That of the error, or `timeout`, or `failed` where it has none. */
  readonly code: string
  /** What an error of devicehub says. Others may hold anything. */
  readonly problem?: string
}

/** Makes it. @throws {ConfigError} If a kick is no function, or there is none. */
export function kicking(kicks: Readonly<Record<string, Kick>>, log: QuietLog): AdminRoute {
  const names = Object.keys(kicks ?? {})
  checkMethods('kicks', kicks, Object.fromEntries(names.map((name) => [name, true])))
  if (names.length === 0) throw new ConfigError('kicks', 'must name a broker at least')
  return deviceRoute(
    {
      method: 'post',
      path: '/devices/:type/:id/kick',
      action: 'kick',
      summary: 'End the sessions of a device, and take no right',
      answer: kicked,
    },
    async ({ type, id, record: { username } }) => {
      // One that fails keeps no other from ending what it has.
      const outcomes = await Promise.all(
        names.map(async (name): Promise<KickFailure | undefined> => {
          let isLate = false
          const expire = () => {
            isLate = true
          }
          try {
            const kick = async () => kicks[name]!({ username })
            await withinDeadline(KICK_LIMIT_MS, kick, expire, 'answer')
            return undefined
          } catch (error) {
            log.write('error', 'kick', `admin kick at ${name} failed: ${describeError(error)}`)
            return { name, ...(isLate ? { code: 'timeout' } : told(error)) }
          }
        }),
      )
      const done = names.filter((_, i) => outcomes[i] === undefined)
      const failed = outcomes.filter((outcome) => outcome !== undefined)
      const report = { done, failed }
      if (failed.length === 0) return { report }
      const detail = `Sessions of ${type.name}/${id} may go on at ${failed.map(({ name }) => name).join(', ')}`
      throw new ProblemError(502, 'kick-incomplete', detail, { report })
    },
  )
}

function told(error: unknown): Omit<KickFailure, 'name'> {
  if (!(error instanceof DeviceHubError)) return { code: 'failed' }
  return { code: error.code, problem: error.message }
}
