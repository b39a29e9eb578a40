/**
 * MQTT 3.1.1 clients that tell what became of them.
 *
 * @module
 */
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { packet, text } from '../embedded/raw.ts'
import { within } from '../support/wait.ts'

/** Connects, once. Rejects if it is refused. */
export function connect(
  url: string,
  options: IClientOptions,
  onMessage: (payload: string) => void = () => {},
): Promise<MqttClient> {
  const client = mqtt.connect(url, { protocolVersion: 4, reconnectPeriod: 0, ...options })
  client.on('message', (_, payload) => onMessage(payload.toString()))
  const connected = new Promise<MqttClient>((resolve, reject) => {
    client.once('connect', () => resolve(client))
    client.on('error', reject)
    client.once('close', () => reject(new Error('closed without an answer')))
  })
  return within(connected, 'connection')
}

/** The return code of a refused connection, or the error without one. */
export async function refusal(
  url: string,
  options: IClientOptions,
  onMessage?: (payload: string) => void,
): Promise<unknown> {
  try {
    const client = await connect(url, options, onMessage)
    await client.endAsync()
    return 'accepted'
  } catch (error) {
    return (error as { code?: unknown }).code ?? error
  }
}

/** Whether something is acknowledged, or the broker ends the connection instead. */
export async function outcome(
  client: MqttClient,
  act: (client: MqttClient) => Promise<unknown>,
): Promise<'acknowledged' | 'closed'> {
  const closed = closing(client).then(() => 'closed' as const)
  const acknowledged = act(client).then(() => 'acknowledged' as const)
  // It rejects when the client is ended, after the connection was closed.
  acknowledged.catch(() => {})
  return within(Promise.race([closed, acknowledged]), 'acknowledgement or close')
}

/** Ends the connection as a cable that is pulled does, so that the will is published. */
export async function cut(client: MqttClient): Promise<void> {
  const closed = closing(client)
  client.stream.destroy()
  await within(closed, 'close')
}

function closing(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()))
}

/** Subscribes, QoS 0, with a filter that client libraries refuse. Settles with the SUBACK. */
export async function subscribeRaw(port: number, login: IClientOptions, filter: string) {
  const { clientId = '', username = '', password = '' } = login
  const socket = connectSocket(port, '127.0.0.1')
  const receive = async () => (await within(once(socket, 'data'), 'packet'))[0] as Buffer
  try {
    const flags = 0b1100_0010
    socket.write(
      packet(
        0x10,
        text('MQTT'),
        4,
        flags,
        0,
        60,
        text(clientId),
        text(username),
        text(`${password}`),
      ),
    )
    await receive()
    socket.write(packet(0x82, 0, 1, text(filter), 0))
    return await receive()
  } finally {
    socket.destroy()
  }
}
