/**
 * The same publishes as wills: each client leaves without a word, once for each of its publishes.
 *
 * @module
 */
import { within } from '../support/wait.ts'
import type { Case, Client, Table } from './cases.ts'
import { connect, LIMIT, type Outcome, observe, outcomeOf, type Result, takeKept } from './run.ts'

/** Cases that are publishes. */
export function willCases({ cases }: Table): readonly Case[] {
  return cases.filter(({ request }) => request.action === 'publish')
}

/**
 * Leaves every will. A client's next connection takes the place of the broken one: when it is
 * accepted, the will of that is decided (MQTT 5, section 3.1.4, and 3.1.2.5 for a delay of 0).
 *
 * @param settle Waits for what the broker may still be doing about wills that are decided.
 */
export async function runWills(
  url: string,
  table: Table,
  settle: () => Promise<unknown> = async () => {},
): Promise<Result> {
  const cases = willCases(table)
  const observer = await connect(url, table.observer)
  try {
    const heard = await observe(observer)
    await Promise.all(
      table.clients.map(async (client) => {
        for (const one of cases) if (one.client === client) await leave(url, one)
        await comeAndGo(url, client)
      }),
    )
    await settle()
    const forwarded = await heard()
    const outcomes = new Map<Case, Outcome>(cases.map((one) => [one, outcomeOf(one, forwarded)]))
    return { outcomes, kept: await takeKept(observer) }
  } finally {
    await observer.endAsync()
  }
}

async function leave(url: string, { number, client, request }: Case): Promise<void> {
  const { topic, qos = 0, retain = false } = request
  const will = { topic, payload: Buffer.from(`${number}`), qos, retain }
  const mqtt = await connect(url, client, { will })
  const closed = new Promise<void>((resolve) => mqtt.once('close', () => resolve()))
  mqtt.stream.destroy()
  await within(closed, 'end of the connection', LIMIT)
}

async function comeAndGo(url: string, client: Client): Promise<void> {
  const mqtt = await connect(url, client)
  await within(mqtt.endAsync(), 'end of the connection', LIMIT)
}
