/**
 * What EMQX does for whoever calls its management API: ending the sessions of a user name, such as a
 * revoked device's, and publishing. It needs `fetch` and nothing else, so it runs on Node, Bun, Deno and
 * edge workers.
 *
 * @module
 */
export { emqx4Kick } from './emqx4.ts'
export { emqxKick } from './emqx5.ts'
export type { EmqxApiOptions } from './options.ts'
export { emqxPublisher } from './publisher.ts'
