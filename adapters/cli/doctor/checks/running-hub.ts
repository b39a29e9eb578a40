/**
 * What a hub that runs says of itself: doctor connects under no client id of its, which would end its
 * connection.
 *
 * @module
 */
import type { HubStatus } from '../../../../src/hub/status.ts'
import { firstLine } from '../../failure.ts'
import type { Found, Report } from '../report.ts'

const ANSWER_LIMIT_MS = 10_000
/** A hub that was taken over longer ago was the old one at a change of versions, or is well since. */
const RECENT_MS = 3_600_000

/** Makes the check. */
export async function checkRunningHub(
  report: Report,
  url: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const subject = url === undefined ? 'hub' : `hub ${url}`
  if (url === undefined) {
    return report.skip('running-hub', subject, '--hub URL says where its status is served')
  }
  await report.check('running-hub', subject, async (found) => {
    let status: HubStatus
    try {
      const limit = AbortSignal.timeout(ANSWER_LIMIT_MS)
      const response = await fetch(url, { signal: AbortSignal.any([signal, limit]) })
      status = (await response.json()) as HubStatus
    } catch (error) {
      if (signal.aborted) throw error
      const cause = (error as { readonly cause?: unknown }).cause ?? error
      found(
        'hub-status-unknown',
        `it does not tell its status: ${firstLine(cause)}`,
        'start the hub, and serve hub.status() as JSON at the URL of --hub',
      )
      return
    }
    if (typeof status?.brokers !== 'object' || status.brokers === null) {
      found(
        'hub-status-unknown',
        'what answers there is no status of a hub',
        'serve hub.status() as JSON at the URL of --hub',
      )
      return
    }
    tellStatus(status, found)
  })
}

function tellStatus({ ready, state, brokers }: HubStatus, found: Found): void {
  let isTold = false
  for (const [name, { lastError, ...broker }] of Object.entries(brokers)) {
    const isRecent = lastError && lastError.at > Date.now() - RECENT_MS
    if (isRecent && /\(0x8e\)/.test(lastError.message)) {
      isTold = true
      found(
        'hub-taken-over',
        `another client took its client id at broker "${name}": two hubs have one, and end each other's connections`,
        `give each hub a clientId of its own at brokers.${name}`,
      )
    } else if (!ready && !broker.subscribed) {
      isTold = true
      const why = lastError ? `: ${lastError.message}` : ''
      found(
        'hub-not-ready',
        `its broker "${name}" is ${broker.state}${why}`,
        'mend what it says, and look into its log',
      )
    }
  }
  if (!ready && !isTold) found('hub-not-ready', `it is ${state}`, 'start it, and look into its log')
}
