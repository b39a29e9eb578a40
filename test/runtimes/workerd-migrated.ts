/**
 * Fleets with slow passwords, in workerd by itself.
 *
 * @module
 */
import { answer } from './migrated.ts'

export default { fetch: answer }
