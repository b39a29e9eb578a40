/**
 * A device that speaks CoAP.
 *
 * @module
 */
import { createSocket, type Socket } from 'node:dgram'
import { Agent, type IncomingMessage } from 'coap'

/** Longest payload of one datagram, in bytes; more go in blocks of so many (RFC 7959). */
const BLOCK_BYTES = 1024
/** The block size as the option Block1 has it: 2 to the power of this and 4. */
const BLOCK_SIZE_EXPONENT = 6

/** How to reach the server, and as whom. */
export interface CoapLogin {
  readonly port: number
  readonly username: string
  readonly password: string
}

export class CoapDevice {
  readonly #login: CoapLogin
  // Its own: an agent closes the socket it made whenever nothing is under way.
  readonly #socket: Socket = createSocket('udp4')
  readonly #agent = new Agent({ socket: this.#socket })
  /** One request at a time (RFC 7252, section 4.7: NSTART is 1). */
  #last: Promise<unknown> = Promise.resolve()

  constructor(login: CoapLogin) {
    this.#login = login
  }

  /** Sends a message. Settles with the response code, such as `2.04`, when it is handled. */
  post(topic: string, payload: Uint8Array, confirmable = true): Promise<string> {
    const send = async () => (await this.#request('POST', topic, { payload, confirmable })).code
    const turn = this.#last.then(send, send)
    this.#last = turn
    return turn
  }

  /**
   * Observes a topic: the handler gets each message. Settles with the response code; nothing is
   * observed unless it begins with `2`.
   */
  async observe(topic: string, onMessage: (payload: Uint8Array) => void): Promise<string> {
    const response = await this.#request('GET', topic, { observe: true })
    // The first one says that it is observed, and has no content.
    response.on('data', (payload: Uint8Array) => {
      if (payload.length > 0) onMessage(payload)
    })
    return response.code
  }

  close(): void {
    this.#socket.close()
  }

  #request(
    method: 'GET' | 'POST',
    topic: string,
    { payload, ...options }: { payload?: Uint8Array; observe?: boolean; confirmable?: boolean },
  ): Promise<IncomingMessage> {
    const { port, username, password } = this.#login
    const request = this.#agent.request({
      ...options,
      host: '127.0.0.1',
      port,
      method,
      options: {
        'Uri-Path': topic.split('/').map((level) => Buffer.from(level)),
        'Uri-Query': [`u=${username}`, `p=${password}`].map((parameter) => Buffer.from(parameter)),
      },
    })
    if (payload && payload.length > BLOCK_BYTES) {
      request.setOption('Block1', Buffer.of(BLOCK_SIZE_EXPONENT))
    }
    return new Promise((resolve, reject) => {
      request.on('response', resolve)
      request.on('error', reject)
      request.on('timeout', reject)
      request.end(payload && Buffer.from(payload))
    })
  }
}
