/**
 * VerneMQ.
 *
 * @module
 */
import type { AskingProduct, TellingProduct } from '../product.ts'
import { events } from './events.ts'
import { facts } from './facts.ts'
import { questions } from './questions.ts'

/** VerneMQ, with its webhooks. */
export const vernemq: AskingProduct & TellingProduct = {
  name: 'vernemq',
  secretIn: 'path',
  facts,
  questions,
  events,
}
