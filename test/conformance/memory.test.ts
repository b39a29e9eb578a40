/**
 * The broker in memory keeps the contract. Runs on every runtime.
 *
 * @module
 */
import { memoryBroker, memoryServer } from '../../src/broker/memory.ts'
import { conforms } from './run.ts'

const server = memoryServer()

conforms('memory', {
  open: (options) => memoryBroker(server, options),
  openLosable() {
    const broker = memoryBroker(server)
    return { broker, lose: () => server.cut(broker) }
  },
})
