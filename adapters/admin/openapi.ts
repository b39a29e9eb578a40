/**
 * The routes described by OpenAPI 3.1, from the schemas that they check with.
 *
 * @module
 */
import type { GenericSchema } from 'valibot'
import { problem, type Schema } from './answers.ts'
import { type AdminRoute, fleetRoute } from './route.ts'

/** JSON Schema, or a part of a description. */
export type JsonObject = { readonly [key: string]: unknown }

/** `toJsonSchema` of `@valibot/to-json-schema`, from 1.8 on. */
export type ToJsonSchema = (
  schema: GenericSchema,
  config: {
    readonly target: 'draft-2020-12'
    readonly typeMode: 'input'
    readonly errorMode: 'ignore'
  },
) => object

const PATH = '/openapi.json'

/**
 * Makes the route that describes the others.
 *
 * @param routes All there are when it is asked, itself among them.
 */
export function describing(
  routes: readonly AdminRoute[],
  toJsonSchema: ToJsonSchema,
  bySecret: boolean,
): AdminRoute {
  const summary = 'Describe the routes'
  return fleetRoute(
    { method: 'get', path: PATH, action: 'describe', summary, answer: undefined },
    async ({ context }) => {
      const mounted = context.req.path.slice(0, -PATH.length)
      return documentOf(routes, toJsonSchema, bySecret, mounted)
    },
  )
}

function documentOf(
  routes: readonly AdminRoute[],
  toJsonSchema: ToJsonSchema,
  bySecret: boolean,
  mounted: string,
): JsonObject {
  const schemaOf = (schema: Schema | undefined): JsonObject => {
    if (!schema) return { type: 'object' }
    // What a schema makes of what it read, such as a number of a text, is no matter of the wire.
    const config = { target: 'draft-2020-12', typeMode: 'input', errorMode: 'ignore' } as const
    const { $schema: _, ...converted } = toJsonSchema(schema, config) as JsonObject
    return converted
  }
  const paths: Record<string, Record<string, JsonObject>> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operationOf(route, schemaOf) }
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Operators of a devicehub fleet', version: '1' },
    ...(mounted !== '' && { servers: [{ url: mounted }] }),
    ...(bySecret && { security: [{ secret: [] }] }),
    paths,
    components: {
      ...(bySecret && { securitySchemes: { secret: { type: 'http', scheme: 'bearer' } } }),
      responses: {
        problem: {
          description: 'What went wrong, with a stable code',
          content: { 'application/problem+json': { schema: schemaOf(problem) } },
        },
      },
    },
  }
}

function operationOf(
  { summary, method, path, query, body, answer }: AdminRoute,
  schemaOf: (schema: Schema | undefined) => JsonObject,
): JsonObject {
  const named = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, schema: { type: 'string' } },
  }))
  const { properties = {} } = query ? schemaOf(query) : {}
  const asked = Object.entries(properties as JsonObject).map(([name, schema]) => ({
    ...{ name, in: 'query', schema },
  }))
  const content = body && { 'application/json': { schema: schemaOf(body) } }
  return {
    operationId: `${method}${path.replaceAll(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    parameters: [...named, ...asked],
    ...(content && { requestBody: { content } }),
    responses: {
      200: {
        description: 'Done',
        content: { 'application/json': { schema: schemaOf(answer) } },
      },
      default: { $ref: '#/components/responses/problem' },
    },
  }
}
