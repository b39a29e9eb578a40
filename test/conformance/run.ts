/**
 * Runs the contract of brokers with `node:test`.
 *
 * @module
 */
import { type BrokerUnderTest, brokerContract } from '../../src/testing/index.ts'
import { declareContract } from '../support/contract.ts'
import { contractTitle } from './cells.ts'

/**
 * Declares one test for each case.
 *
 * @param except Names of cases that do not hold there, each with the reason: they are skipped.
 */
export function conforms(
  name: string,
  subject: BrokerUnderTest,
  except: Readonly<Record<string, string>> = {},
): void {
  declareContract(contractTitle(name), brokerContract, subject, except)
}
