/**
 * EMQX 4.
 *
 * @module
 */
import type { AskingProduct, TellingProduct } from '../product.ts'
import { events } from './events.ts'
import { facts } from './facts.ts'
import { questions } from './questions.ts'

/** EMQX 4, with its HTTP plug-ins. */
export const emqx4: AskingProduct & TellingProduct = {
  name: 'emqx4',
  secretIn: 'header',
  facts,
  questions,
  events,
}
