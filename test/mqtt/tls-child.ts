/**
 * Makes attempts to connect, and runs the cases of the broker contract, on whatever runtime this
 * is: a JSON text on standard input says which, and one on standard output what came of them.
 *
 * @module
 */
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { type MqttConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { toError } from '../../src/errors.ts'
import { brokerCases, runCase } from '../conformance/broker.ts'
import { attempt, type Outcome } from './tls-attempt.ts'

/** What to do. */
export interface Orders {
  readonly attempts: readonly MqttConfig[]
  /** The cases of the contract run over each of these. */
  readonly contracts: readonly MqttConfig[]
}

/** What came of it. */
export interface Findings {
  readonly outcomes: readonly Outcome[]
  readonly contracts: readonly ContractFindings[]
}

interface ContractFindings {
  readonly passed: number
  /** What went wrong, by the title of the case. */
  readonly failed: Readonly<Record<string, string>>
}

async function checkContract(config: MqttConfig): Promise<ContractFindings> {
  const failed: Record<string, string> = {}
  let passed = 0
  for (const [title, run] of Object.entries(brokerCases)) {
    try {
      await runCase(run, async (options) => mqtt({ ...config, ...options }))
      passed++
    } catch (error) {
      failed[title] = toError(error).message
    }
  }
  return { passed, failed }
}

const orders: Orders = JSON.parse(await text(process.stdin))
const outcomes: Outcome[] = []
for (const config of orders.attempts) outcomes.push(await attempt(config))
const contracts: ContractFindings[] = []
for (const config of orders.contracts) contracts.push(await checkContract(config))
const findings: Findings = { outcomes, contracts }
process.stdout.write(`${JSON.stringify(findings)}\n`)
