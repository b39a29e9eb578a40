/**
 * Mosquitto with mosquitto-auth-plug: its HTTP back-end.
 *
 * It writes the client id into the form as it is, behind everything else, so that one can bring
 * fields along: a form that gives a field twice is refused, and the client id is never looked at.
 *
 * @module
 */
import { type Dialect, plain } from './dialect.ts'
import { mosquittoRoutes } from './mosquitto.ts'

/** Mosquitto with mosquitto-auth-plug. */
export const authPlug: Dialect = {
  name: 'auth-plug',
  secretIn: 'path',
  facts: { qos: false, retain: false, share: true, clientId: false, separators: '' },
  routes: mosquittoRoutes({
    prefix: '',
    allow: plain('ok'),
    deny: plain('denied', 403),
    readClientId: () => undefined,
  }),
}
