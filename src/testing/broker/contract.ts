/**
 * The contract of brokers.
 *
 * @module
 */
import { type Contract, contractOf } from '../contract.ts'
import { type BrokerUnderTest, tryOnBench } from './bench.ts'
import { delivery } from './delivery.ts'
import { handlers } from './handlers.ts'
import { lifecycle } from './lifecycle.ts'
import { subscriptions } from './subscriptions.ts'
import { wills } from './wills.ts'

/**
 * What a `Broker` promises, as cases. Their topics begin with `conformance/`, and no two cases share
 * one. A case that a broker cannot keep, since its protocol has no wills for one, is skipped by its name.
 *
 * @example
 * ```ts
 * import { test } from 'node:test'
 * import { memoryBroker, memoryServer } from 'devicehub'
 * import { brokerContract } from 'devicehub/testing'
 *
 * const server = memoryServer()
 * const openLosable = () => {
 *   const broker = memoryBroker(server)
 *   return { broker, lose: () => server.cut(broker) }
 * }
 * for (const { name, run } of brokerContract) {
 *   test(name, () => run({ open: (options) => memoryBroker(server, options), openLosable }))
 * }
 * ```
 */
export const brokerContract: Contract<BrokerUnderTest> = contractOf(
  { delivery, subscriptions, handlers, lifecycle, wills },
  tryOnBench,
)
