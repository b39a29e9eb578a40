/**
 * The products that are handed in, and where their requests arrive.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import type { Product } from '../../src/product/product.ts'

/** What a product has to have, to be mounted. */
export type Part = 'questions' | 'events'

/** Whatever could be no product. */
type Unchecked = { readonly [Key in keyof Product]?: unknown } | null | undefined

const LACKS: Readonly<Record<Part, string>> = {
  questions: 'asks nothing over HTTP',
  events: 'tells nothing over HTTP',
}

/** A name or a path that is a pattern would be found at addresses that are not its own. */
const NAME = /^[a-z0-9-]+$/
const PATH = /^([a-z0-9-]+(\/[a-z0-9-]+)*)?$/

/**
 * Checks the products of an option `products`, for callers that no compiler checks.
 *
 * @throws {ConfigError} If there are none, one is none or not whole, lacks the part, or is there twice.
 */
export function checkProducts(products: unknown, part: Part): void {
  if (!Array.isArray(products) || products.length === 0) {
    const example = 'such as [emqx], from devicehub/products'
    throw new ConfigError('products', `must be a list of the broker products in use, ${example}`)
  }
  const names = new Set<unknown>()
  for (const [i, product] of products.entries()) {
    const key = `products.${i}`
    checkProduct(product, part, key)
    const { name } = product
    if (names.has(name)) throw new ConfigError(key, `${name} is in the list twice`)
    names.add(name)
  }
}

function checkProduct(product: Unchecked, part: Part, key: string): void {
  if (typeof product !== 'object' || product === null || typeof product.name !== 'string') {
    throw new ConfigError(key, 'is no broker product: take one of devicehub/products')
  }
  const { name, facts, secretIn } = product
  if (!NAME.test(name)) {
    throw new ConfigError(`${key}.name`, 'must be made of lower-case letters, digits and "-"')
  }
  if (typeof facts !== 'object' || facts === null) {
    throw new ConfigError(`${key}.facts`, `must say what ${name} tells`)
  }
  if (!hasPart(product, part)) throw new ConfigError(key, `${name} ${LACKS[part]}`)
  if (secretIn !== 'header' && secretIn !== 'path') {
    throw new ConfigError(`${key}.secretIn`, "must be 'header' or 'path'")
  }
}

function hasPart({ questions, events }: NonNullable<Unchecked>, part: Part): boolean {
  if (part === 'events') return typeof (events as Product['events'])?.read === 'function'
  return (
    Array.isArray(questions) &&
    questions.length > 0 &&
    questions.every(({ path, read, write }) => {
      const isPath = typeof path === 'string' && PATH.test(path)
      return isPath && typeof read === 'function' && typeof write === 'function'
    })
  )
}

/** Where the requests of a product arrive, with `:secret` where that is a part of it. */
export function pathOf({ name, secretIn }: Product, hasSecret: boolean): string {
  return secretIn === 'path' && hasSecret ? `/${name}/:secret` : `/${name}`
}

/**
 * Every way in which a broker may write a path: who joins an address that ends in "/" and a path that
 * begins with it asks with two.
 */
export function spellingsOf(path: string): readonly string[] {
  const [, ...segments] = path.split('/')
  let spellings = ['']
  for (const segment of segments) {
    spellings = spellings.flatMap((start) => [`${start}/${segment}`, `${start}//${segment}`])
  }
  return spellings.flatMap((spelling) => [spelling, `${spelling}/`, `${spelling}//`])
}
