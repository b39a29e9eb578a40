/**
 * The route that sends a command, and what may become of one.
 *
 * @module
 */
import { CommandError, PayloadError } from '../../src/base/errors.ts'
import type { SendOptions } from '../../src/command/call.ts'
import type { DeviceType } from '../../src/device/type.ts'
import { reply } from './answers.ts'
import { ProblemError } from './problem.ts'
import { commandCall } from './requests.ts'
import { type AdminRoute, deviceRoute } from './route.ts'

/** What sends the commands: a hub, or a `commandSender`. */
export interface CommandTargets {
  /** A device to send commands to. */
  device(
    type: DeviceType,
    id: string,
  ): {
    /** Sends one, of which the name and the payload come from outside; settles with its reply, if any. */
    sendByName(command: string, payload: unknown, options?: SendOptions): Promise<unknown>
  }
}

/** Makes it. */
export function commanding(hub: CommandTargets): AdminRoute {
  return deviceRoute(
    {
      method: 'post',
      path: '/devices/:type/:id/commands/:name',
      action: 'command',
      summary: 'Send a command, and answer its reply',
      answer: reply,
      body: commandCall,
    },
    async ({ context, type, id, body: { payload, timeout } }) => {
      const name = context.req.param('name') ?? ''
      const limits = timeout === undefined ? {} : { timeout }
      try {
        const replied = await hub.device(type, id).sendByName(name, payload, limits)
        return { reply: replied ?? null }
      } catch (error) {
        throw commandProblem(error) ?? error
      }
    },
  )
}

/** What became of a command. Its payload, which an error of it quotes, is left out. */
function commandProblem(error: unknown): ProblemError | undefined {
  if (error instanceof PayloadError) {
    const errors = error.issues.map(({ path }) => ({ path, problem: 'is not valid' }))
    const detail = 'The payload is not what the command declares'
    return new ProblemError(400, error.code, detail, { errors })
  }
  if (!(error instanceof CommandError)) return undefined
  const status = error.code === 'ERR_COMMAND_UNKNOWN' ? 404 : 502
  return new ProblemError(status, error.code, error.message)
}
