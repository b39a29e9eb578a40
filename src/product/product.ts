/**
 * A broker product, such as EMQX 5, as one value: all that is known of it. What it does not have is
 * left out.
 *
 * @module
 */
import type { BrokerFacts } from '../rule/facts.ts'
import type { EventReader } from './http/event.ts'
import type { Question } from './http/question.ts'

/** All that is known of one broker product. */
export interface Product {
  /**
   * What it is called in configurations, and the first segment of its paths: lower-case letters,
   * digits and hyphens.
   */
  readonly name: string
  /** What the broker tells, and what it understands. */
  readonly facts: BrokerFacts
  /**
   * Whether the broker can send headers of its own. If not, the secret is a part of the path. Left out
   * where it neither asks nor tells over HTTP.
   */
  readonly secretIn?: 'header' | 'path'
  /** What it asks over HTTP. Default: nothing. */
  readonly questions?: readonly Question[]
  /** How it tells over HTTP that clients connect and disconnect. Default: it does not. */
  readonly events?: EventReader
}

/** A product that asks over HTTP who may log in and who may do what. */
export interface AskingProduct extends Product {
  readonly secretIn: 'header' | 'path'
  readonly questions: readonly Question[]
}

/** Whether a product asks over HTTP. */
export function isAsking(product: Product): product is AskingProduct {
  return product.questions !== undefined
}

/** A product that tells over HTTP which clients connect and disconnect. */
export interface TellingProduct extends Product {
  readonly secretIn: 'header' | 'path'
  readonly events: EventReader
}
