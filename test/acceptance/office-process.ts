/**
 * A process that changes devices and holds nothing of them: it reads what to do, a line each, such as
 * `revoke P-1`, and prints what was done.
 * Usage: office-process.ts DRIVER POSTGRES_URL [REDIS_URL]
 *
 * @module
 */
import { createInterface } from 'node:readline'
import { LISTENING_DRIVERS } from '../sql/listening.ts'
import { meter, siteFleet } from './elsewhere-site.ts'

const [driver, url, redisUrl] = process.argv.slice(2)
const { fleet, close } = siteFleet(LISTENING_DRIVERS[driver!]!, url!, redisUrl)
console.log('ready')
for await (const line of createInterface(process.stdin)) {
  const [what, id] = line.split(' ') as ['revoke' | 'rotate' | 'remove', string]
  const { done } = await fleet[what](meter, id)
  console.log(`${line}: ${done.join()}`)
}
await close()
