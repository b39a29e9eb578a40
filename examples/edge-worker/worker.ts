/**
 * The routes that brokers ask, as an edge worker.
 *
 * @module
 */
import type { ExecutionContext, Hono } from 'hono'
import { createSite, type Settings } from '../site/site.ts'

let site: Hono | undefined

export default {
  fetch(request: Request, env: Settings, context: ExecutionContext) {
    // Once per isolate: the fleet holds what is remembered.
    site ??= createSite(env)
    return site.fetch(request, env, context)
  },
}
