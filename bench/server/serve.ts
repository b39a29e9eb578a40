/**
 * A server of the bench in a process of its own: `devicehub` or `aedes`. Prints its port, and answers
 * each message with a {@link MemoryReport}. Runs with `--expose-gc`.
 *
 * @module
 */
import { createServer, type Server } from 'node:net'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { connectionKeeper } from '../../adapters/embedded/connections.ts'
import { acceptSocket } from '../../adapters/embedded/tcp.ts'
import { OPEN_GUARD, type ServerGuard } from '../../src/server/guard.ts'
import { mqttServer } from '../../src/server/server.ts'
import type { MemoryReport } from './task.ts'

/** Lets everybody in, each as an owner of its own, as the bounds of each owner have it. */
const guard: ServerGuard = {
  login: (request) => ({ ...OPEN_GUARD.login(request), owner: request.clientId }) as never,
}

async function serverOf(name: string | undefined): Promise<Server> {
  if (name === 'aedes') {
    const { Aedes } = await import('aedes')
    const aedes = await Aedes.createBroker()
    return createServer((socket) => void aedes.handle(socket))
  }
  // The two bounds that a task goes beyond.
  const settings = { maxSubscriptions: 20_000, maxSessionBytes: 32 * 1_024 * 1_024 }
  const server = mqttServer({ guard, settings })
  const { accept } = connectionKeeper(server)
  return createServer((socket) => acceptSocket(socket, accept))
}

const server = await serverOf(process.argv[2])
server.listen({ host: '127.0.0.1', port: 0, backlog: 4_096 }, () => {
  console.log(`port ${(server.address() as { port: number }).port}`)
})

process.on('message', async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await setTimeout(50)
  }
  const { heapUsed, external } = process.memoryUsage()
  const report: MemoryReport = { used: heapUsed + external }
  process.send?.(report)
})
