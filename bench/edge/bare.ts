/**
 * A worker with Hono and one route that decides nothing.
 *
 * @module
 */
import { Hono } from 'hono/tiny'

const app = new Hono().post('/iot/broker/emqx/acl', (c) => c.json({ result: 'allow' }))

export default { fetch: (request: Request): Response | Promise<Response> => app.fetch(request) }
