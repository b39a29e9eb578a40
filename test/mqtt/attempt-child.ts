/**
 * Makes attempts to connect on whatever runtime this is: a JSON text on standard input says which,
 * and one on standard output what came of them.
 *
 * @module
 */
import process from 'node:process'
import { text } from 'node:stream/consumers'
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import { attempt, type Outcome } from './attempt.ts'

const attempts: readonly BrokerConfig[] = JSON.parse(await text(process.stdin))
const outcomes: readonly Outcome[] = await Promise.all(attempts.map(attempt))
process.stdout.write(`${JSON.stringify(outcomes)}\n`)
