/**
 * The engine `coap`: brokers by their configuration.
 *
 * @module
 */
import { type BrokerEngine, ConfigError, type Fleet } from 'devicehub'
import * as v from 'valibot'
import { CoapBroker } from './broker.ts'
import { CoapServer } from './server.ts'

const schema = v.strictObject({
  /** Address to listen on. Devices elsewhere need DTLS, which something in front has to end. */
  host: v.optional(v.pipe(v.string(), v.ip('must be an IP address')), '127.0.0.1'),
  port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)), 5683),
  receiveMaximum: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 64),
})

/** Makes an engine whose brokers let in the devices of a fleet. */
export function coap(fleet: Fleet): BrokerEngine {
  return (config: unknown, key) => {
    const { success, output, issues } = v.safeParse(schema, config)
    if (!success) {
      const path = v.getDotPath(issues[0])
      throw new ConfigError(path === null ? key : `${key}.${path}`, issues[0].message)
    }
    const { receiveMaximum, ...address } = output
    return new CoapBroker(new CoapServer(fleet, address), { receiveMaximum })
  }
}
