/**
 * Certificates for tests, made anew by each process that imports this: one authority with what it
 * issued, good and bad, and another authority that nobody trusts.
 *
 * @module
 */
import { createAuthority } from '../../examples/certificates/certificate.ts'

const DAY_MS = 86_400_000
const fromNow = (days: number) => new Date(Date.now() + days * DAY_MS)
const HOSTS = ['localhost', '127.0.0.1']

export const authority = await createAuthority('Test authority')
export const otherAuthority = await createAuthority('Another test authority')

/** Certificates for a broker on `localhost` and 127.0.0.1, unless the name says otherwise. */
export const servers = {
  good: await authority.issue({ name: 'localhost', hosts: HOSTS }),
  wrongHost: await authority.issue({
    name: 'elsewhere.test',
    hosts: ['elsewhere.test', '127.0.0.2'],
  }),
  expired: await authority.issue({
    name: 'localhost',
    hosts: HOSTS,
    from: fromNow(-2),
    until: fromNow(-1),
  }),
  notYetValid: await authority.issue({ name: 'localhost', hosts: HOSTS, from: fromNow(1) }),
}

/** Certificates for clients. */
export const clients = {
  good: await authority.issue({ name: 'hub' }),
  expired: await authority.issue({ name: 'hub', from: fromNow(-2), until: fromNow(-1) }),
  ofAnother: await otherAuthority.issue({ name: 'hub' }),
}
