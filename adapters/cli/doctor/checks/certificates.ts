/**
 * Whether certificates have ended, or are about to.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { type BrokerAddress, withoutBrackets } from '../../../mqtt/address.ts'
import { parseBrokerConfig } from '../../../mqtt/config.ts'
import { loadTls } from '../../../mqtt/tls-files.ts'
import type { Patient } from '../patient.ts'
import type { Found, Report } from '../report.ts'

const DAY_MS = 86_400_000
/** A certificate that lives shorter is renewed by something that runs each day. */
const SOON_DAYS = 7
const ANSWER_LIMIT_MS = 10_000
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Makes the check for a broker. */
export async function checkCertificates(patient: Patient): Promise<void> {
  const { report, subject, config, name } = patient
  if (!config) return
  const { tls, address } = parseBrokerConfig(config, `brokers.${name}`)
  if (!tls) return
  await report.check('certificates', subject, async (found) => {
    const { ca, cert } = await loadTls(tls)
    for (const authority of ca?.match(CERTIFICATE) ?? []) {
      tellTimes(
        new X509Certificate(authority),
        'an authority of caCerts',
        'put the new certificate of the authority into caCerts',
        found,
      )
    }
    if (cert !== undefined) {
      tellTimes(new X509Certificate(cert), 'the certificate of certFile', 'renew it', found)
    }
    await lookAtServer(serverOf(address), ca, found)
  })
}

/** Makes the check for the routes. */
export async function checkRoutesCertificate(report: Report, url: string): Promise<void> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'https:') return
  await report.check('certificates', 'routes', (found) =>
    lookAtServer({ host: hostname, port: Number(port || 443) }, undefined, found),
  )
}

function serverOf(address: BrokerAddress): { readonly host: string; readonly port: number } {
  if (address.transport === 'tcp') return address
  const { hostname, port } = new URL(address.url)
  return { host: hostname, port: Number(port || 443) }
}

/** Nothing is sent there: what the certificate says is read, whether it is good or not. */
async function lookAtServer(
  { host: given, port }: { readonly host: string; readonly port: number },
  ca: string | undefined,
  found: Found,
): Promise<void> {
  const host = withoutBrackets(given)
  const socket = connect({
    ...{ host, port, rejectUnauthorized: false },
    ...(ca !== undefined && { ca }),
    ...(isIP(host) === 0 && { servername: host }),
  })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) })
    const { raw } = socket.getPeerCertificate()
    if (raw)
      tellTimes(new X509Certificate(raw), 'the certificate that it shows', 'renew it there', found)
  } finally {
    socket.destroy()
  }
}

function tellTimes(
  { validFrom, validTo }: X509Certificate,
  what: string,
  mend: string,
  found: Found,
): void {
  const from = Date.parse(validFrom)
  const until = Date.parse(validTo)
  const now = Date.now()
  const day = (time: number) => new Date(time).toISOString().slice(0, 10)
  if (until <= now) found('certificate-expired', `${what} expired on ${day(until)}`, mend)
  else if (from > now) {
    found(
      'certificate-early',
      `${what} is not good before ${day(from)}`,
      'look at the clock here, and else wait',
    )
  } else if (until < now + SOON_DAYS * DAY_MS) {
    found('certificate-ends', `${what} ends on ${day(until)}`, mend)
  }
}
