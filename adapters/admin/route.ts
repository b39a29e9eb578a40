/**
 * A route as a value: how it is asked, and what it does.
 *
 * @module
 */
import type { Context } from 'hono'
import { DeviceUnknownError } from '../../src/base/errors.ts'
import type { DeviceRecord } from '../../src/device/store.ts'
import type { DeviceType } from '../../src/device/type.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { findNameProblem } from '../../src/topic/name.ts'
import type { Schema } from './answers.ts'
import type { AdminAction, AuditedDeed } from './audit.ts'
import { type Operator, sees } from './operator.ts'
import { type Checked, readBody, readQuery } from './requests.ts'

/** How a route is asked. */
interface Described<Body extends object, Query extends object = object> {
  readonly method: 'get' | 'post' | 'patch' | 'delete'
  readonly path: string
  readonly action: AdminAction
  /** What it does, in a few words. */
  readonly summary: string
  /** What its query has to be. Default: none is read. */
  readonly query?: Checked<Query>
  /** What its body has to be. Default: none is read. */
  readonly body?: Checked<Body>
  /** What is answered. `undefined` for what is described elsewhere. */
  readonly answer: Schema | undefined
}

/** A request of an operator that was let in. */
export interface Asked {
  readonly fleet: Fleet
  readonly context: Context
  readonly operator: Operator
  /** Who is told of it. */
  readonly deed: AuditedDeed
}

/** The same, with its body. */
export interface Call<Body extends object> extends Asked {
  readonly body: Body
}

/** About a type of the fleet. */
export interface TypeCall<Body extends object> extends Call<Body> {
  readonly type: DeviceType
}

/** About a device that the operator sees. */
export interface DeviceCall<Body extends object> extends TypeCall<Body> {
  readonly id: string
  readonly record: DeviceRecord
}

/** One route. */
export interface AdminRoute extends Omit<Described<object>, 'query' | 'body'> {
  readonly query?: Schema
  readonly body?: Schema
  run(asked: Asked): Promise<object>
}

/** Makes one about the fleet. */
export function fleetRoute<Body extends object, Query extends object>(
  route: Described<Body, Query>,
  work: (call: Call<Body> & { readonly query: Query }) => Promise<object>,
): AdminRoute {
  return {
    ...route,
    async run(asked) {
      const query = route.query ? readQuery(asked.context, route.query) : ({} as Query)
      return work({ ...asked, query, body: await bodyOf(route, asked) })
    },
  }
}

/** Makes one that puts devices of a type on record, `:type` in its path. */
export function typeRoute<Body extends object>(
  route: Described<Body>,
  devicesOf: (body: Body) => readonly unknown[],
  work: (call: TypeCall<Body>) => Promise<object>,
): AdminRoute {
  return {
    ...route,
    async run(asked) {
      const type = typeOf(asked)
      const body = await bodyOf(route, asked)
      asked.deed.about(devicesOf(body).map((device) => ({ type: type.name, ...named(device) })))
      await asked.deed.begin()
      return work({ ...asked, type, body })
    },
  }
}

/** Makes one about a device, `:type/:id` in its path. One that the operator does not see is not there. */
export function deviceRoute<Body extends object>(
  route: Described<Body>,
  work: (call: DeviceCall<Body>) => Promise<object>,
): AdminRoute {
  return {
    ...route,
    async run(asked) {
      const type = typeOf(asked)
      const id = asked.context.req.param('id') ?? ''
      asked.deed.about([{ type: type.name, id }])
      // What could be no id is not to be asked for: a database may have no such texts.
      const isName = findNameProblem(id) === undefined
      const record = isName ? await asked.fleet.store.get(type.name, id) : undefined
      if (record) asked.deed.about([record])
      if (!record || !sees(asked.operator, record)) throw new DeviceUnknownError(type.name, id)
      const body = await bodyOf(route, asked)
      await asked.deed.begin()
      return work({ ...asked, type, id, record, body })
    },
  }
}

/** What is sent of a device, as far as it says which one. */
function named(device: unknown): { readonly id: string; readonly attributes: unknown } {
  const { id, attributes } = (device ?? {}) as { id?: unknown; attributes?: unknown }
  return { id: typeof id === 'string' ? id : '', attributes }
}

function typeOf({ fleet, context }: Asked): DeviceType {
  return fleet.type(context.req.param('type') ?? '')
}

async function bodyOf<Body extends object>(
  { body }: Described<Body>,
  { context }: Asked,
): Promise<Body> {
  // A route without a schema has a work that looks at no body.
  return body ? readBody(context, body) : ({} as Body)
}
