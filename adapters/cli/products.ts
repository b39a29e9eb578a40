/**
 * The broker products that the command knows: all there are.
 *
 * @module
 */
import type { Product } from '../../src/product/product.ts'

/**
 * Loads the list of them.
 *
 * While running, since an object of all products would be made at once in the part of the package that
 * they are in, and with it they would all be in the bundle of whoever uses one.
 */
export async function loadProducts(): Promise<readonly Product[]> {
  return Object.values(await import('../../src/product/products.ts'))
}
