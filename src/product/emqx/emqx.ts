/**
 * EMQX 5 and 6.
 *
 * @module
 */
import type { AskingProduct, TellingProduct } from '../product.ts'
import { events } from './events.ts'
import { facts } from './facts.ts'
import { questions } from './questions.ts'

/** EMQX 5 and 6. */
export const emqx: AskingProduct & TellingProduct = {
  name: 'emqx',
  secretIn: 'header',
  facts,
  questions,
  events,
}
