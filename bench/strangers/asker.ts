/**
 * Logs in under names that nobody has, so many times a second, each from an address of its own. A process
 * of its own, so that who measures waits for none of it. Arguments: the URL of the routes, the rate.
 * Stops when its input ends, waits for the answers that are due, and prints how many came.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import { Agent, request } from 'node:http'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { loginRequest } from './site.ts'

/** Seconds that answers are waited for: the routes answer within 4. */
const MAX_WAIT = 10

const [url, rate] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true })
const answers: Promise<void>[] = []
let answered = 0

function send(login: ReturnType<typeof loginRequest>): Promise<NodeJS.ReadableStream> {
  const { path, method, headers, body } = login
  return new Promise((resolve, reject) => {
    const asking = request(`${url}${path}`, { agent, method, headers }, resolve)
    // A server may close an idle connection while it is used again.
    asking.once('error', (error) => (asking.reusedSocket ? resolve(send(login)) : reject(error)))
    asking.end(body)
  })
}

async function ask(i: number): Promise<void> {
  const response = await send(loginRequest(`stranger-${i}`, 'guess', 1_000 + i))
  const { result } = JSON.parse((await buffer(response)).toString()) as { result: string }
  equal(result, 'deny')
  answered++
}

const begin = performance.now()
const timer = setInterval(() => {
  const due = ((performance.now() - begin) / 1_000) * Number(rate)
  while (answers.length < due) answers.push(ask(answers.length))
}, 5)
for await (const _ of process.stdin);
clearInterval(timer)
await Promise.race([Promise.all(answers), setTimeout(MAX_WAIT * 1_000)])
console.log(answered)
process.exit()
