/**
 * Has another runtime make attempts to connect.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import type { Runtime } from '../runner/runtime.ts'
import { within } from '../support/wait.ts'
import type { Outcome } from './attempt.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  Bun: [],
  Deno: ['run', '-A', '--no-check', '--no-lock'],
}

/**
 * @param args More arguments of the runtime's.
 * @returns What came of each attempt, in the same order.
 */
export async function makeAttempts(
  { name, command }: Runtime,
  attempts: readonly BrokerConfig[],
  args: readonly string[] = [],
): Promise<readonly Outcome[]> {
  const own = ARGUMENTS[name] ?? ['--import=tsx']
  const child = spawn(command, [...own, ...args, 'test/mqtt/attempt-child.ts'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    // Checking certificates is not left to the environment.
    env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
  })
  child.stdin.end(JSON.stringify(attempts))
  try {
    return JSON.parse(await within(text(child.stdout), 'outcomes', 120_000))
  } finally {
    child.kill('SIGKILL')
  }
}
