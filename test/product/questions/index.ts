/**
 * The recorded exchanges of every product: one line for each.
 *
 * @module
 */
import { rows as authPlug } from './auth-plug.ts'
import { rows as emqx } from './emqx.ts'
import { rows as emqx4 } from './emqx4.ts'
import { rows as goAuth } from './go-auth.ts'
import { rows as imported } from './imported.ts'
import { rows as nanomq } from './nanomq.ts'
import { rows as rabbitmq } from './rabbitmq.ts'
import type { Row } from './row.ts'
import { rows as vernemq } from './vernemq.ts'

export const RECORDED: Readonly<Record<string, readonly Row[]>> = {
  emqx,
  emqx4,
  'go-auth': goAuth,
  'auth-plug': authPlug,
  vernemq,
  nanomq,
  rabbitmq,
  // Last: see there.
  imported,
}
