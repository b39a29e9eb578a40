/**
 * Mosquitto with mosquitto-auth-plug.
 *
 * @module
 */
import type { AskingProduct } from '../product.ts'
import { facts } from './facts.ts'
import { questions } from './questions.ts'

/** Mosquitto with mosquitto-auth-plug. */
export const authPlug: AskingProduct = {
  name: 'auth-plug',
  secretIn: 'path',
  facts,
  questions,
}
