/**
 * EMQX 4: its HTTP plug-in, `emqx_auth_http`.
 *
 * It is never answered with the word `ignore`, nor left without an answer where one can be given:
 * EMQX takes either for "ask the next one", which ends in a grant by default. Nor does it ask about
 * the topics of a user name that begins with "$": the core has none.
 *
 * @module
 */
import { type Dialect, plain } from './dialect.ts'
import { emqxStyleRoutes } from './emqx-style.ts'

/** What is written for a value that the client does not have. */
const NONE: readonly unknown[] = ['undefined', 'null']

/** EMQX 4. */
export const emqx4: Dialect = {
  name: 'emqx4',
  secretIn: 'header',
  // `$share/<share name>/` is taken off before the broker asks, and so is what is `stripped`. It asks
  // about `$delayed/<seconds>/` as it is.
  facts: {
    qos: false,
    retain: false,
    share: false,
    clientId: true,
    separators: '',
    stripped: { publish: [], subscribe: ['$queue', '$exclusive'] },
  },
  routes: emqxStyleRoutes({
    readFields: ({ fields }) =>
      Object.fromEntries(Object.entries(fields).filter(([, value]) => !NONE.includes(value))),
    readFilters: (filter) => [filter],
    // It tells the client "server unavailable" then (0x88, MQTT 3.1.1: 3), and "not authorized" at 403.
    tryLater: plain('try again', 503),
  }),
}
