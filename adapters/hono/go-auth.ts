/**
 * Mosquitto with mosquitto-go-auth: its HTTP backend.
 *
 * A denial has status 403 in each of its response modes. An allow has no one form for all of them:
 * the modes `status` and `json` take `{"ok":true}`, the mode `text` the two letters `ok`, for which
 * there are routes of their own below `text/`.
 *
 * @module
 */
import { type Dialect, json, plain } from './dialect.ts'
import { type Fields, readText } from './fields.ts'
import { mosquittoRoutes } from './mosquitto.ts'

const readClientId = (fields: Fields) => readText(fields, 'clientid')

/** Mosquitto with mosquitto-go-auth. */
export const goAuth: Dialect = {
  name: 'go-auth',
  secretIn: 'path',
  facts: { qos: false, retain: false, share: true, clientId: true, separators: '' },
  // Mosquitto ends a connection without an answer at 503, which no client takes for a wrong password.
  routes: [
    ...mosquittoRoutes({
      prefix: '',
      allow: json({ ok: true }),
      deny: json({ ok: false }, 403),
      tryLater: json({ ok: false }, 503),
      readClientId,
    }),
    ...mosquittoRoutes({
      prefix: 'text/',
      allow: plain('ok'),
      deny: plain('denied', 403),
      tryLater: plain('denied', 503),
      readClientId,
    }),
  ],
}
