/**
 * A CoAP server (RFC 7252) that a fleet guards. A path is a topic name. A device sends by `POST` and
 * receives by `GET` with Observe (RFC 7641), each time with its user name and password as the query
 * parameters `u` and `p`.
 *
 * CoAP by itself encrypts nothing, so whoever is on the way reads the password. This is for one
 * machine, or for what is behind an end of DTLS.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import { createServer, type IncomingMessage, type OutgoingMessage, type Server } from 'coap'
import { BrokerError, type Fleet, type OutgoingMessage as Outgoing, type Qos } from 'devicehub'
import type { CoapBroker } from './broker.ts'
import { Observers } from './observers.ts'
import { type Question, readQuestion } from './question.ts'

/** Longest payload of a device, in bytes; more than 1,024 come in blocks (RFC 7959). */
const MAX_PAYLOAD_BYTES = 262_144

/** Where a {@link CoapServer} listens. */
export interface CoapAddress {
  readonly host: string
  /** A UDP port; 0 is a free one. */
  readonly port: number
}

/** Listens while a broker is connected to it. */
export class CoapServer {
  readonly #fleet: Fleet
  readonly #address: CoapAddress
  readonly #brokers = new Set<CoapBroker>()
  readonly #observers: Observers
  /** The last request of each endpoint: its requests are decided in the order they came. */
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #serving = new Set<Promise<void>>()
  #listening: Promise<Server> | undefined

  constructor(fleet: Fleet, address: CoapAddress) {
    this.#fleet = fleet
    this.#address = address
    this.#observers = new Observers(fleet)
  }

  /** The port it listens on. Rejects if no broker is connected. */
  async port(): Promise<number> {
    const server = await this.#listening
    if (!server?._sock || !('address' in server._sock)) throw new Error('It does not listen')
    return server._sock.address().port
  }

  /** Connects a broker. @throws {BrokerError} `ERR_BROKER_UNREACHABLE` if the port cannot be had. */
  async enter(broker: CoapBroker): Promise<void> {
    this.#brokers.add(broker)
    this.#listening ??= this.#listen()
    await this.#listening
  }

  /** Disconnects a broker. With the last one it answers what it was asked, and listens no more. */
  async leave(broker: CoapBroker): Promise<void> {
    if (!this.#brokers.delete(broker) || this.#brokers.size > 0) return
    const listening = this.#listening
    this.#listening = undefined
    const server = await listening?.catch(() => undefined)
    if (!server) return
    await Promise.all(this.#serving)
    // A datagram is on its way one turn after it was sent.
    await setImmediate()
    this.#observers.clear()
    server.close()
  }

  /** Hands a hub's message to the hubs, and to the devices that observe its topic. */
  async publish(message: Outgoing): Promise<void> {
    for (const { broker, granted } of this.#receivers(message.topic)) {
      // The broker reports what fails; who sent it has nothing to do with that.
      broker.take(message, granted).catch(() => {})
    }
    await this.#observers.notify(message)
  }

  async #listen(): Promise<Server> {
    const { host, port } = this.#address
    const server = createServer({ reuseAddr: false })
    server.on('request', (request: IncomingMessage, response: OutgoingMessage) => {
      // One that nobody acknowledges is an error after minutes; its sender asks again by itself.
      response.on('error', () => {})
      const serving = this.#serve(request, response).finally(() => this.#serving.delete(serving))
      this.#serving.add(serving)
    })
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, (error) => (error ? reject(error) : resolve()))
      })
    } catch (cause) {
      this.#listening = undefined
      const problem = `Cannot listen on coap://${host}:${port}: ${String(cause)}`
      throw new BrokerError('ERR_BROKER_UNREACHABLE', problem, { cause })
    }
    server.removeAllListeners('error')
    server.on('error', (error: Error) => {
      for (const broker of this.#brokers) broker.report(error)
    })
    return server
  }

  /** Answers a request. Never rejects. */
  async #serve(request: IncomingMessage, response: OutgoingMessage): Promise<void> {
    try {
      const question = readQuestion(request)
      const refusal = await this.#inTurn(question.endpoint, () => this.#findRefusal(question))
      const code = refusal ?? (await this.#do(question, response))
      if (code === undefined) return // It observes, and has its answer.
      response.statusCode = code
      response.end()
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      for (const broker of this.#brokers) broker.report(error)
      response.statusCode = '5.00'
      response.end()
    }
  }

  /** The response code (RFC 7252, section 5.9) of what is not granted or not understood. */
  async #findRefusal(question: Question): Promise<string | undefined> {
    const { kind, username, password, endpoint, topic, qos, payload } = question
    if (kind === 'other') return '4.05'
    if (payload.length > MAX_PAYLOAD_BYTES) return '4.13'
    const peer = endpoint.replace(/:\d+$/, '')
    const login = await this.#fleet.authenticate({ username, password, peer })
    if (login.effect === 'deny') return '4.01'
    const action = kind === 'send' ? 'publish' : 'subscribe'
    const request = { username, action, topic, qos, retain: false } as const
    const { effect } = await this.#fleet.authorize(request)
    return effect === 'allow' ? undefined : '4.03'
  }

  async #do(question: Question, response: OutgoingMessage): Promise<string | undefined> {
    switch (question.kind) {
      case 'observe':
        this.#observers.add(question, response)
        return undefined
      case 'leave':
        this.#observers.remove(question)
        return '2.05'
      default:
        return this.#send(question)
    }
  }

  /** Answers when the hubs have handled the message: so a device keeps it until then. */
  async #send({ topic, payload, qos, contentType }: Question): Promise<string> {
    const receivers = this.#receivers(topic)
    if (receivers.length === 0 || receivers.some(({ broker }) => broker.isBusy)) return '5.03'
    const message = { topic, payload, qos, ...(contentType !== undefined && { contentType }) }
    const handled = receivers.map(({ broker, granted }) => broker.take(message, granted))
    const failed = (await Promise.allSettled(handled)).find(({ status }) => status === 'rejected')
    if (failed?.status !== 'rejected') return '2.04'
    const isClosed = failed.reason instanceof BrokerError
    return isClosed ? '5.03' : '5.00'
  }

  #receivers(topic: string): readonly { readonly broker: CoapBroker; readonly granted: Qos }[] {
    return [...this.#brokers].flatMap((broker) => {
      const granted = broker.findQos(topic)
      return granted === undefined ? [] : [{ broker, granted }]
    })
  }

  #inTurn<T>(endpoint: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(endpoint) ?? Promise.resolve()
    const turn = before.then(work, work)
    const last = turn
      .catch(() => {})
      .finally(() => {
        if (this.#turns.get(endpoint) === last) this.#turns.delete(endpoint)
      })
    this.#turns.set(endpoint, last)
    return turn
  }
}
