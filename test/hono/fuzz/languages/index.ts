/**
 * The languages there are, by the name of their product: one line for each.
 *
 * @module
 */
import type { AskingProduct } from '../../../../src/product/product.ts'
import type { Language } from '../language.ts'
import { emqx } from './emqx.ts'
import { authPlug, goAuth } from './mosquitto.ts'
import { rabbitmq } from './rabbitmq.ts'
import { emqx4, nanomq } from './status.ts'
import { vernemq } from './vernemq.ts'

const LANGUAGES: Readonly<Record<string, Language>> = {
  emqx,
  emqx4,
  'go-auth': goAuth,
  'auth-plug': authPlug,
  vernemq,
  nanomq,
  rabbitmq,
}

/** How the brokers of a product speak. */
export function languageOf({ name }: AskingProduct): Language {
  const language = LANGUAGES[name]
  if (language) return language
  throw new Error(
    `nothing here speaks "${name}": write test/hono/fuzz/languages/${name}.ts and name it in index.ts`,
  )
}
