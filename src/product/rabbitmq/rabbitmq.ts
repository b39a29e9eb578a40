/**
 * RabbitMQ, with its MQTT plug-in and its HTTP back end.
 *
 * @module
 */
import type { AskingProduct } from '../product.ts'
import { facts } from './facts.ts'
import { questions } from './questions.ts'

/** RabbitMQ, with its MQTT plug-in and its HTTP back end. */
export const rabbitmq: AskingProduct = {
  name: 'rabbitmq',
  secretIn: 'path',
  facts,
  questions,
}
