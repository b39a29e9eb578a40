/**
 * EMQX 5 and 6: rule events behind an HTTP action.
 *
 * @module
 */
import { emqxEvents } from '../http/emqx-events.ts'
import type { EventReader } from '../http/event.ts'

/** See `Product`. */
export const events: EventReader = /* @__PURE__ */ emqxEvents('event', 'client.')
