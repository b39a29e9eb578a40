/**
 * The routes that say what there is: which device types, and what whoever asks may do.
 *
 * @module
 */
import type { DeviceType } from '../../src/device/type.ts'
import { me, typeList } from './answers.ts'
import type { ToJsonSchema } from './openapi.ts'
import { seesAll } from './operator.ts'
import { payloadSchema, readSchema } from './payload-schema.ts'
import { type AdminRoute, fleetRoute } from './route.ts'
import type { FieldView, MeView, PayloadSchema, TypesView, TypeView } from './type-views.ts'

/** Most numbers of a type that are told, and how deep they are looked for. */
const MAX_FIELDS = 100
const MAX_DEPTH = 4

/**
 * Makes them.
 *
 * @param routes Which of the routes there are that are not always there.
 */
export function introducing(
  routes: MeView['routes'],
  toJsonSchema: ToJsonSchema | undefined,
): readonly AdminRoute[] {
  return [
    fleetRoute(
      {
        method: 'get',
        path: '/me',
        action: 'me',
        summary: 'Say who asks, and what they may do',
        answer: me,
      },
      async ({ fleet, operator }): Promise<MeView> => ({
        operator,
        seesAll: seesAll(operator),
        mayChange: operator.may !== 'read',
        filters: fleet.store.filters,
        routes,
      }),
    ),

    fleetRoute(
      {
        method: 'get',
        path: '/types',
        action: 'types',
        summary: 'List the device types, with their commands and the numbers of their data',
        answer: typeList,
      },
      async ({ fleet, operator }): Promise<TypesView> => {
        const seen = fleet.types.filter(({ name }) => operator.types?.includes(name) ?? true)
        return { types: seen.map((type) => typeView(type, toJsonSchema)) }
      },
    ),
  ]
}

/** What is told of a type. */
function typeView(type: DeviceType, toJsonSchema: ToJsonSchema | undefined): TypeView {
  const { name, broker, heartbeat, commands, data } = type
  return {
    name,
    broker,
    heartbeat,
    commands: Object.entries(commands).map(([name, { payload, reply }]) => {
      const schema = payload && payloadSchema(payload, toJsonSchema)
      const hasReply = reply !== undefined
      return {
        name,
        hasPayload: payload !== undefined,
        ...(schema && { payload: schema }),
        hasReply,
      }
    }),
    fields: numbersIn(readSchema(data)).slice(0, MAX_FIELDS),
  }
}

function numbersIn(
  schema: PayloadSchema | undefined,
  path: readonly string[] = [],
): readonly FieldView[] {
  if (!schema) return []
  const { type, properties, title, description, unit, minimum, maximum } = schema
  if (type === 'number' || type === 'integer') {
    return [
      {
        path: path.join('.'),
        ...(typeof title === 'string' && { title }),
        ...(typeof description === 'string' && { description }),
        ...(typeof unit === 'string' && { unit }),
        ...(typeof minimum === 'number' && { minimum }),
        ...(typeof maximum === 'number' && { maximum }),
      },
    ]
  }
  const isHolder = typeof properties === 'object' && properties !== null
  if (!isHolder || path.length === MAX_DEPTH) return []
  return Object.entries(properties as Readonly<Record<string, PayloadSchema>>).flatMap(
    ([name, inner]) => numbersIn(inner, [...path, name]),
  )
}
