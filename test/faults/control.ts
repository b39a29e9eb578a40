/**
 * A subscriber that has nothing to do with this library: the real `mosquitto_sub`. Its session is kept
 * in the broker while it is away, so what it gets in the end is what the broker did not lose.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { runClient } from '../support/mosquitto-clients.ts'
import { within } from '../support/wait.ts'

const END_TOPIC = 'control/end'
const END = 'end'
const COLLECT_LIMIT = 60_000
const SESSION = ['-i', 'control', '-c', '-x', '3600', '-q', '1']

/** Begins its session, and leaves. */
export async function leaveControl(port: number, filter: string): Promise<void> {
  const filters = ['-t', filter, '-t', END_TOPIC]
  const { exitCode, output } = await runClient(
    'mosquitto_sub',
    { port },
    ...SESSION,
    ...filters,
    '-E',
  )
  if (exitCode !== 0) throw new Error(`The control could not subscribe: ${output}`)
}

/** Comes back, and collects the payloads that have waited. */
export async function collectControl(port: number, filter: string): Promise<readonly string[]> {
  await runClient('mosquitto_pub', { port }, '-q', '1', '-t', END_TOPIC, '-m', END)
  const connection = ['-h', '127.0.0.1', '-p', `${port}`, '-V', 'mqttv5']
  const child = spawn('mosquitto_sub', [...connection, ...SESSION, '-t', filter, '-t', END_TOPIC], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const payloads: string[] = []
  const end = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error('The control ended early')))
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === END) resolve()
      else payloads.push(line)
    })
  })
  try {
    await within(end, 'end of what the control collects', COLLECT_LIMIT)
  } finally {
    child.kill('SIGKILL')
  }
  return payloads
}
