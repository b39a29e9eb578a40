/**
 * Fleets with slow passwords, in workerd as Cloudflare runs it.
 *
 * @module
 */
import { onCloudflare } from './cloudflare.ts'
import { answer } from './migrated.ts'

export default { fetch: onCloudflare(answer) }
