/**
 * VerneMQ: the webhooks that tell, all at one URL and told apart by the header `vernemq-hook`.
 *
 * They hold no times. But `on_client_wakeup`, `on_client_offline` and `on_client_gone` of one client
 * id are sent one after the other, each when the one before is answered: their order is that of the
 * connections, a take-over included. `on_register` is sent beside them and alone has a user name: it
 * tells whose the client id is, and that it is connected, which the order of the others corrects.
 *
 * A node sends in an order of its own, so each node that has a path of its own ends only what it
 * began.
 *
 * @module
 */
import { json } from '../http/answer.ts'
import type { BrokerEvent, BrokerUser, EventReader } from '../http/event.ts'
import { type Fields, MalformedRequest, needText, readText } from '../http/fields.ts'

const HOOKS: ReadonlyMap<string, BrokerEvent['kind']> = new Map([
  ['on_register', 'connected'],
  ['on_register_m5', 'connected'],
  ['on_client_wakeup', 'connected'],
  ['on_client_offline', 'disconnected'],
  ['on_client_gone', 'disconnected'],
])

/** See `Product`. */
export const events: EventReader = {
  // It takes only status 200 with JSON for an answer, and does not look into it.
  accepted: /* @__PURE__ */ json({}),
  read(fields, headers, node) {
    const hook = headers.get('vernemq-hook') ?? ''
    const kind = HOOKS.get(hook)
    if (!kind) {
      throw new MalformedRequest('the hook is none of on_register and on_client_…')
    }
    return {
      kind,
      clientId: needText(fields, 'client_id'),
      realm: readText(fields, 'mountpoint'),
      user: hook.startsWith('on_register') ? readUser(fields) : 'untold',
      connection: node,
    }
  },
}

function readUser(fields: Fields): BrokerUser {
  const name = readText(fields, 'username')
  return name === undefined ? 'none' : { name }
}
