/**
 * EMQX 4: its web hook.
 *
 * @module
 */
import { emqxEvents } from '../http/emqx-events.ts'
import type { EventReader } from '../http/event.ts'

/** See `Product`. */
export const events: EventReader = /* @__PURE__ */ emqxEvents('action', 'client_')
