/**
 * NanoMQ.
 *
 * @module
 */
import type { AskingProduct } from '../product.ts'
import { facts } from './facts.ts'
import { questions } from './questions.ts'

/** NanoMQ. */
export const nanomq: AskingProduct = {
  name: 'nanomq',
  secretIn: 'header',
  facts,
  questions,
}
