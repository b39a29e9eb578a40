/**
 * The routes a message broker asks over HTTP who may log in and who may do what, for Hono.
 *
 * Brokers ask in different ways, and read the answers in different ways: what denies on one means
 * "ask the next one" on another. So each product has paths of its own, and is never guessed.
 *
 * @module
 */
import { Hono } from 'hono/tiny'
import { ConfigError } from '../../src/base/errors.ts'
import type { Logger } from '../../src/base/log.ts'
import { checkOptions } from '../../src/base/options.ts'
import { type LineText, quietLog, textOf } from '../../src/base/quiet-log.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { Question, QuestionOutcome } from '../../src/product/http/question.ts'
import type { AskingProduct, Product } from '../../src/product/product.ts'
import type { CompatibilityCode } from '../../src/rule/compatibility.ts'
import type { OutcomeCounters } from './counters.ts'
import { decider, outcome } from './decide.ts'
import { type OptionNames, type RequestBounds, requestHandler, respond } from './handler.ts'
import { checkProducts, pathOf, spellingsOf } from './products.ts'

/** What {@link brokerAuth} takes beside the fleet. */
export type BrokerAuthOptions = RequestBounds & {
  /** Which brokers may ask, such as `[emqx]` of `devicehub/products`: one or more, each once. */
  readonly products: readonly AskingProduct[]
  /**
   * Findings of `fleet.compatibility` that grant more than the rules say and are known and taken:
   * by their code. Default: none.
   */
  readonly accept?: readonly CompatibilityCode[]
  /**
   * Under which client ids somebody may log in at a broker that finds sessions by client id alone:
   * EMQX, NanoMQ, RabbitMQ. `own`: the user name, or the user name, `//` and a suffix, or one of the
   * `clientIds` of the device or service account. `any` gives every session away: whoever has a login
   * can bring another's client id, and gets the messages and commands that wait for it, those of hubs
   * as well. Default: `own`.
   */
  readonly clientIds?: 'own' | 'any'
  /**
   * Receives lines about denials: a warning, or an error if deciding failed. Of each product, question
   * and code the first 5, and then one line in 10 seconds with how many there were; `counters` count
   * each. Default: `console`.
   */
  readonly logger?: Logger
  /** Counts every outcome. Default: nothing is counted. */
  readonly counters?: OutcomeCounters
}

const OPTIONS: OptionNames<BrokerAuthOptions> = {
  secret: true,
  withoutSecret: true,
  products: true,
  accept: true,
  clientIds: true,
  maxBodyBytes: true,
  logger: true,
  counters: true,
}

/** Whose questions are at the root as well. */
const AT_ROOT = 'emqx'

/**
 * Makes the routes: `POST /<product>/<question>` with the secret in a header or, for a broker that
 * cannot send one, `POST /<product>/<secret>/<question>`.
 * The pages of `docs/` say for each broker what it has to be configured with. `/auth` and `/acl`
 * without a product are those of `emqx`, where it is one of them. Each may be written with a slash at
 * its end, and with two in the place of one.
 *
 * Every answer on these paths, whatever was sent, is in the broker's language and comes within 4
 * seconds. What is malformed, too long or without the secret is denied, and so is every request
 * while the store fails. The client is not told why; the log is, in lines without control
 * characters, and never with a password or the secret.
 *
 * An optional field that is empty, `null` or absent is none, and unknown fields are ignored. A
 * field that is given twice is an error.
 *
 * @throws {ConfigError} If there is no secret and no `withoutSecret`, or both, the secret is too
 * short, there is no product, one twice or one that asks nothing, an option is unknown or out of range,
 * or a broker would grant more than the rules say (see `accept`).
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { brokerAuth } from 'devicehub/hono'
 * import { emqx } from 'devicehub/products'
 * import { Hono } from 'hono'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const secret = 'take this from the environment'
 * const routes = brokerAuth(fleet, { secret, products: [emqx] })
 * const app = new Hono().route('/iot/broker', routes)
 * ```
 */
export function brokerAuth(fleet: Fleet, options: BrokerAuthOptions): Hono {
  checkOptions(options, OPTIONS)
  const { hasSecret, handle } = requestHandler(options)
  const { products, accept, logger = console, counters, clientIds = 'own' } = options
  if (clientIds !== 'own' && clientIds !== 'any') {
    throw new ConfigError('clientIds', "must be 'own' or 'any'")
  }
  checkProducts(products, 'questions')
  const anyClientId = clientIds === 'any'
  const log = quietLog(logger)

  function handler({ name, facts, secretIn }: AskingProduct, question: Question) {
    const title = question.path === '' ? name : `${name}/${question.path}`
    const count = (effect: 'allow' | 'deny', code: string) => {
      counters?.add({ product: name, route: question.path, effect, code })
    }
    const deny = (level: 'warn' | 'error', code: string, text: LineText) => {
      count('deny', code)
      log.write(level, `${title} ${code}`, () => `broker ${title}: denied: ${textOf(text)}`)
    }
    const answer = (outcome: QuestionOutcome) => respond(question.write(outcome))
    const decide = decider({ fleet, facts, anyClientId, count, deny, answer })
    return handle({
      secretIn,
      answer: (fields, { req }) => decide(question.read(fields, req.raw.headers)),
      refuse(level, code, text) {
        deny(level, code, text)
        return question.write(outcome('deny', code, undefined))
      },
    })
  }

  const app = new Hono()
  for (const product of products) {
    checkCompatibility(fleet, product, accept)
    const prefix = pathOf(product, hasSecret)
    for (const question of product.questions) {
      const serve = handler(product, question)
      const path = question.path === '' ? prefix : `${prefix}/${question.path}`
      const paths = product.name === AT_ROOT ? [path, `/${question.path}`] : [path]
      for (const spelling of paths.flatMap(spellingsOf)) app.all(spelling, serve)
    }
  }
  return app
}

function checkCompatibility(
  fleet: Fleet,
  product: Product,
  accept: readonly CompatibilityCode[] = [],
): void {
  const finding = fleet
    .compatibility(product)
    .find(({ severity, code }) => severity === 'grants-more' && !accept.includes(code))
  if (!finding) return
  const { code, text } = finding
  throw new ConfigError(
    'products',
    `${product.name} would grant more than the rules say. ${text} Change the rule, leave the product out, or take it with accept: ['${code}']`,
  )
}
