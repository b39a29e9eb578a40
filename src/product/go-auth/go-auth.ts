/**
 * Mosquitto with mosquitto-go-auth.
 *
 * @module
 */
import type { AskingProduct } from '../product.ts'
import { facts } from './facts.ts'
import { questions } from './questions.ts'

/** Mosquitto with mosquitto-go-auth. */
export const goAuth: AskingProduct = {
  name: 'go-auth',
  secretIn: 'path',
  facts,
  questions,
}
