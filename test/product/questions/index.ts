/**
 * The exchanges of every product: one line for each.
 *
 * @module
 */
import { authPlug } from './auth-plug.ts'
import type { Exchanges } from './dialect.ts'
import { emqx } from './emqx.ts'
import { emqx4 } from './emqx4.ts'
import { goAuth } from './go-auth.ts'
import { rows as imported } from './imported.ts'
import { nanomq } from './nanomq.ts'
import { rabbitmq } from './rabbitmq.ts'
import type { Row } from './row.ts'
import { rowsOf } from './rows.ts'
import { vernemq } from './vernemq.ts'

/** How each product asks, by its name. */
export const EXCHANGES: Readonly<Record<string, Exchanges>> = {
  emqx,
  emqx4,
  'go-auth': goAuth,
  'auth-plug': authPlug,
  vernemq,
  nanomq,
  rabbitmq,
}

/** What each sends and is answered, by its name. */
export const RECORDED: Readonly<Record<string, readonly Row[]>> = {
  ...Object.fromEntries(Object.entries(EXCHANGES).map(([name, one]) => [name, rowsOf(one)])),
  // Last: see there.
  imported,
}
