/**
 * The routes in workerd: a Hono app is the handler that a worker exports.
 *
 * @module
 */
export { site as default } from '../hono/site.ts'
