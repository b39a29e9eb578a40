/**
 * The operator's routes: devices listed, shown, put on record, changed and taken off it, over HTTP.
 *
 * @module
 */
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { withinDeadline } from '../../src/base/deadline.ts'
import { CommandError, DeviceUnknownError, PayloadError } from '../../src/base/errors.ts'
import { describeError, type Logger } from '../../src/base/log.ts'
import { checkMethods, checkOptions } from '../../src/base/options.ts'
import { quietLog } from '../../src/base/quiet-log.ts'
import type { DeviceRef } from '../../src/device/reference.ts'
import type { DeviceRecord } from '../../src/device/store.ts'
import type { DeviceType } from '../../src/device/type.ts'
import type { Fleet, NewDevice, ProvisionOutcome } from '../../src/fleet/fleet.ts'
import type { Hub } from '../../src/hub/hub.ts'
import type { AdminAction, Audit } from './audit.ts'
import { type AdminAccess, guardOf } from './guard.ts'
import { type Operator, sees, seesAll } from './operator.ts'
import { ProblemError, problemOf, respondProblem } from './problem.ts'
import * as requests from './requests.ts'
import { deviceView } from './views.ts'

/** What {@link deviceAdmin} takes beside the fleet. */
export type DeviceAdminOptions = AdminAccess & {
  /** Sends the commands. Default: there is no route for them. */
  readonly hub?: Pick<Hub, 'device'>
  /**
   * Is told of each deed that changes something, or was refused, before it is answered. One that fails is
   * logged, and the deed stands. Default: nobody is told.
   */
  readonly audit?: Audit
  /** Receives lines about what failed. Default: `console`. */
  readonly logger?: Logger
}

/** Milliseconds for an answer. */
const ANSWER_LIMIT_MS = 30_000
/** What changes nothing. */
const READS: readonly AdminAction[] = ['list', 'show', 'explain']

/** A request of an operator that was let in. */
interface Call {
  readonly context: Context
  readonly operator: Operator
  /** The type in the path. */
  readonly type: DeviceType
  /** The id in the path. */
  readonly id: string
}

/**
 * Makes the routes, to be mounted where only operators are to come, such as `/admin`:
 *
 * | Route | Does |
 * | --- | --- |
 * | `GET /devices` | lists, a page at a time, narrowed by what `fleet.list` takes |
 * | `GET /devices/:type/:id` | shows one, with its last state and its credentials without their hashes |
 * | `POST /devices/:type` | puts one on record, `{ id, … }`, and answers its login |
 * | `POST /devices/:type/many` | puts up to 1,000 on record, `{ devices: […] }` |
 * | `PATCH /devices/:type/:id` | changes `rules`, `attributes`, `clientIds` |
 * | `DELETE /devices/:type/:id` | takes it off record |
 * | `POST /devices/:type/:id/rotate`, `/retire`, `/revoke`, `/restore` | as `fleet` does |
 * | `POST /devices/:type/:id/commands/:name` | sends a command and answers its reply |
 * | `POST /explain` | decides `{ username, action, topic }`, and says why |
 *
 * Problems are `application/problem+json` (RFC 9457) with a `code`; none repeats what was sent. A device
 * that an operator does not see is answered as one that is not there.
 *
 * @throws {ConfigError} If there is neither `authorize` nor `secret`, or an option is unknown or not valid.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { deviceAdmin } from 'devicehub/admin'
 * import { Hono } from 'hono'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const secret = 'take this from the environment, 32 characters or more'.replaceAll(' ', '-')
 * const app = new Hono().route('/admin', deviceAdmin(fleet, { secret }))
 * ```
 */
export function deviceAdmin(fleet: Fleet, options: DeviceAdminOptions): Hono {
  checkOptions(options, { authorize: true, secret: true, hub: true, audit: true, logger: true })
  const guard = guardOf(options)
  const { hub, audit, logger = console } = options
  if (hub !== undefined) checkMethods('hub', hub, { device: true })
  const log = quietLog(logger)

  const app = new Hono()
  app.use(
    bodyLimit({
      maxSize: requests.MAX_BODY_BYTES,
      onError: () => {
        const detail = `The body is longer than ${requests.MAX_BODY_BYTES} bytes`
        return respondProblem({ status: 413, code: 'body-too-long', detail })
      },
    }),
  )

  /** Answers a request of an operator, and tells the audit trail. */
  function serve(
    action: AdminAction,
    work: (call: Omit<Call, 'type' | 'id'>, about: (device: DeviceRef) => void) => Promise<unknown>,
  ): (context: Context) => Promise<Response> {
    return async (context) => {
      let operator: Operator | undefined
      let device: DeviceRef | undefined
      let problem: ReturnType<typeof problemOf>
      let answer: unknown
      try {
        operator = await guard(context)
        if (operator.may === 'read' && !READS.includes(action)) {
          throw new ProblemError(403, 'operator-limited', 'This operator may only look')
        }
        const call = { context, operator }
        const about = (ref: DeviceRef) => {
          device = ref
        }
        const run = () => work(call, about)
        answer = await withinDeadline(ANSWER_LIMIT_MS, run, undefined, 'answer')
      } catch (error) {
        problem = problemOf(error) ?? commandProblem(error)
        if (!problem) {
          log.write('error', action, `admin ${action} failed: ${describeError(error)}`)
          const detail = 'It failed here, and may have been done or not; the log says why'
          problem = { status: 503, code: 'failed', detail }
        }
      }
      if (problem || !READS.includes(action)) {
        await tell(action, operator, device, problem?.code ?? 'done')
      }
      if (problem) return respondProblem(problem)
      return context.json(answer as object, 200, { 'cache-control': 'no-store' })
    }
  }

  async function tell(
    action: AdminAction,
    operator: Operator | undefined,
    device: DeviceRef | undefined,
    result: string,
  ): Promise<void> {
    try {
      await audit?.({
        at: Date.now(),
        ...(operator && { operator: operator.name }),
        action,
        ...(device && { device }),
        result,
      })
    } catch (error) {
      log.write('error', 'audit', `The audit trail failed: ${describeError(error)}`)
    }
  }

  /** A route about one device, which the operator sees. */
  function onDevice(
    action: AdminAction,
    work: (call: Call, record: DeviceRecord) => Promise<unknown>,
  ): (context: Context) => Promise<Response> {
    return serve(action, async ({ context, operator }, about) => {
      const type = fleet.type(context.req.param('type') ?? '')
      const id = context.req.param('id') ?? ''
      about({ type: type.name, id })
      const record = await fleet.store.get(type.name, id)
      if (!record || !sees(operator, record)) throw new DeviceUnknownError(type.name, id)
      return work({ context, operator, type, id }, record)
    })
  }

  /** A route that puts devices on record. */
  function onType(
    work: (call: Omit<Call, 'id'>, about: (device: DeviceRef) => void) => Promise<unknown>,
  ): (context: Context) => Promise<Response> {
    return serve('provision', async ({ context, operator }, about) => {
      return work({ context, operator, type: fleet.type(context.req.param('type') ?? '') }, about)
    })
  }

  app.get(
    '/devices',
    serve('list', async ({ context, operator }) => {
      const { records, cursor } = await fleet.list(requests.asQuery(context))
      const devices = records.filter((record) => sees(operator, record)).map(deviceView)
      return { devices, ...(cursor !== undefined && { cursor }) }
    }),
  )

  app.post(
    '/devices/:type',
    onType(async ({ context, operator, type }, about) => {
      const { id, passwordHash, ...settings } = await requests.readBody(context, requests.newDevice)
      about({ type: type.name, id })
      checkOwn(operator, type, settings.attributes)
      return passwordHash === undefined
        ? fleet.provision(type, id, requests.asSettings(settings))
        : fleet.importDevice(type, id, passwordHash, requests.asSettings(settings))
    }),
  )

  app.post(
    '/devices/:type/many',
    onType(async ({ context, operator, type }) => {
      const { devices } = await requests.readBody(context, requests.newDevices)
      return { outcomes: await provisionMany(operator, type, devices) }
    }),
  )

  /** Those that an operator may not put on record are refused as any other. */
  async function provisionMany(
    operator: Operator,
    type: DeviceType,
    devices: readonly unknown[],
  ): Promise<readonly unknown[]> {
    const refused = new Map<number, unknown>()
    const taken: NewDevice[] = []
    for (const [i, device] of devices.entries()) {
      try {
        const { attributes } = (device ?? {}) as { attributes?: unknown }
        checkOwn(operator, type, attributes)
        taken.push(device as NewDevice)
      } catch (error) {
        refused.set(i, error)
      }
    }
    const outcomes = [...(await fleet.provisionMany(type, taken))]
    return devices.map((device, i) => {
      const id = idOf(device)
      const error = refused.get(i)
      return outcomeView(error ? { id, error: error as Error } : outcomes.shift()!)
    })
  }

  app.get(
    '/devices/:type/:id',
    onDevice('show', async ({ type, id }, record) => {
      const state = fleet.store.states && (await fleet.lastState(type, id))
      return deviceView({ ...record, ...(state && { state }) })
    }),
  )

  app.patch(
    '/devices/:type/:id',
    onDevice('update', async ({ context, operator, type, id }) => {
      const settings = await requests.readBody(context, requests.deviceSettings)
      if (settings.attributes !== undefined) checkOwn(operator, type, settings.attributes)
      return fleet.update(type, id, requests.asSettings(settings))
    }),
  )

  app.delete(
    '/devices/:type/:id',
    onDevice('delete', async ({ type, id }) => fleet.remove(type, id)),
  )

  app.post(
    '/devices/:type/:id/rotate',
    onDevice('rotate', async ({ context, type, id }) => {
      const rotation = await requests.readBody(context, requests.rotation)
      return fleet.rotate(type, id, requests.defined(rotation))
    }),
  )

  app.post(
    '/devices/:type/:id/retire',
    onDevice('retire', async ({ context, type, id }) => {
      const { credentialId } = await requests.readBody(context, requests.retirement)
      return fleet.retire(type, id, credentialId)
    }),
  )

  app.post(
    '/devices/:type/:id/revoke',
    onDevice('revoke', async ({ type, id }) => fleet.revoke(type, id)),
  )

  app.post(
    '/devices/:type/:id/restore',
    onDevice('restore', async ({ type, id }) => fleet.restore(type, id)),
  )

  if (hub) {
    app.post(
      '/devices/:type/:id/commands/:name',
      onDevice('command', async ({ context, type, id }) => {
        const { payload, timeout } = await requests.readBody(context, requests.commandCall)
        const name = context.req.param('name') ?? ''
        const limits = timeout === undefined ? {} : { timeout }
        const reply = await hub.device(type, id).sendByName(name, payload, limits)
        return { reply: reply ?? null }
      }),
    )
  }

  app.post(
    '/explain',
    serve('explain', async ({ context, operator }) => {
      const question = await requests.readBody(context, requests.question)
      if (!seesAll(operator)) {
        const record = await fleet.store.findByUsername(question.username)
        if (!record || !sees(operator, record)) {
          throw new ProblemError(404, 'principal-unknown', 'Nobody has this user name')
        }
      }
      return fleet.explain(requests.defined(question))
    }),
  )

  // What a mounted app does not find would be answered by the one that it is mounted in.
  app.all('*', () =>
    respondProblem({ status: 404, code: 'route-unknown', detail: 'No such route' }),
  )
  return app
}

/** Keeps devices that an operator would not see from being made. */
function checkOwn(operator: Operator, type: DeviceType, attributes: unknown = {}): void {
  const isRecord = typeof attributes === 'object' && attributes !== null
  const own = {
    type: type.name,
    attributes: (isRecord ? attributes : {}) as Record<string, string>,
  }
  if (sees(operator, own)) return
  const detail = 'This operator may only have devices with the attributes and types that it sees'
  throw new ProblemError(403, 'operator-limited', detail)
}

function outcomeView({ id, device, error }: ProvisionOutcome): unknown {
  if (!error) return { id, device }
  const { code, detail, more } = problemOf(error) ?? {
    code: 'failed',
    detail: 'It failed here, and may be on record or not',
  }
  return { id, error: { code, detail, ...more } }
}

function idOf(device: unknown): string {
  const { id } = (device ?? {}) as { id?: unknown }
  return typeof id === 'string' ? id : ''
}

/** What became of a command. Its payload, which a problem of it quotes, is left out. */
function commandProblem(error: unknown): ReturnType<typeof problemOf> {
  if (error instanceof PayloadError) {
    const errors = error.issues.map(({ path }) => ({ path, problem: 'is not valid' }))
    const detail = 'The payload is not what the command declares'
    return { status: 400, code: error.code, detail, more: { errors } }
  }
  if (!(error instanceof CommandError)) return undefined
  const status = error.code === 'ERR_COMMAND_UNKNOWN' ? 404 : 502
  return { status, code: error.code, detail: error.message }
}
