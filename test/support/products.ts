/**
 * The broker products there are, from the one list of them.
 *
 * @module
 */
import { CONFIGURATIONS, type ConfiguredProduct } from '../../src/product/configurations.ts'
import {
  type AskingProduct,
  isAsking,
  type Product,
  type TellingProduct,
} from '../../src/product/product.ts'
import * as products from '../../src/product/products.ts'

/** All of them. */
export const PRODUCTS: readonly Product[] = Object.values<Product>(products)

/** Those that ask over HTTP. */
export const ASKING: readonly AskingProduct[] = PRODUCTS.filter(isAsking)

/** Those that tell over HTTP. */
export const TELLING: readonly TellingProduct[] = PRODUCTS.filter(
  (product): product is TellingProduct => product.events !== undefined,
)

/** The names of those with a configuration. */
export const CONFIGURED = Object.keys(CONFIGURATIONS) as readonly ConfiguredProduct[]

/** One of them, by its name. */
export function productNamed(name: string): Product {
  const product = PRODUCTS.find((one) => one.name === name)
  if (product) return product
  throw new Error(`there is no product "${name}"`)
}
