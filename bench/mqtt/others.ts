/**
 * Clients in other languages, doing what the clients of the bench do.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { here } from '../http/runtimes.ts'
import { dataTopic, FILTER, payloadOf, RECEIVER, type Task } from './task.ts'

/** A client. Each of what it does gives the milliseconds that it took. */
export interface Client {
  /** Makes the session that {@link receive} drains. */
  readonly prepare: (port: number) => Promise<number>
  readonly receive: (port: number, count: number) => Promise<number>
  readonly publish: (port: number, qos: Task['qos'], count: number) => Promise<number>
}

/** A Python that has paho-mqtt, which a Debian package gives to the system's own. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import paho.mqtt.client']).status === 0,
)

/** Those that are installed, by name. */
export const otherClients: Readonly<Record<string, Client>> = {
  'the Mosquitto clients': {
    prepare: (port) => mosquitto('mosquitto_sub', [...session(port), '-E']).ended,
    receive: (port, count) =>
      mosquitto('mosquitto_sub', [...session(port), '-C', `${count}`]).ended,
    publish(port, qos, count) {
      // One topic for all: it has no other way.
      const args = [...address(port), '-l', '-q', `${qos}`, '-t', dataTopic(0)]
      const { child, ended } = mosquitto('mosquitto_pub', args)
      child.stdin.end(Array.from({ length: count }, (_, i) => `${payloadOf(i)}\n`).join(''))
      return ended
    },
  },
  ...(python && {
    'paho-mqtt': {
      prepare: (port) => paho('prepare', port, 1, 0),
      receive: (port, count) => paho('receive', port, 1, count),
      publish: (port, qos, count) => paho('publish', port, qos, count),
    },
  }),
}

function address(port: number): string[] {
  return ['-V', '5', '-p', `${port}`, '-h', '127.0.0.1']
}

function session(port: number): string[] {
  return [...address(port), '-c', '-x', '3600', '-i', RECEIVER, '-t', FILTER, '-q', '1']
}

/** `ended`: milliseconds from its first line, or from the start if it says nothing, to its end. */
function mosquitto(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  let start = performance.now()
  child.stdout.once('data', () => {
    start = performance.now()
  })
  child.stdout.resume()
  const closed = new Promise((resolve) => child.once('close', resolve))
  const ended = closed.then((code) => {
    equal(code, 0)
    return performance.now() - start
  })
  return { child, ended }
}

async function paho(role: string, port: number, qos: number, count: number): Promise<number> {
  const [topic, payload] = [dataTopic(0), payloadOf(0)]
  const args = [role, port, qos, count, RECEIVER, FILTER, topic, payload]
  const { stdout } = await promisify(execFile)(python!, [
    here('../mqtt/paho_client.py'),
    ...args.map(String),
  ])
  return JSON.parse(stdout).total
}
