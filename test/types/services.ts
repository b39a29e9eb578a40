/**
 * Service accounts: a password or its hash. Each `@ts-expect-error` names the error that the next line
 * must have; `test/package/types.node.test.ts` checks that it is that one.
 *
 * @module
 */
import type { ServiceAccount } from 'devicehub'

export const accounts: readonly ServiceAccount[] = [
  { username: 'hub', rules: 'hub', password: 'a password of the hub' },
  { username: 'hub', rules: 'hub', passwordHash: '$7$101$c2FsdA==$aGFzaA==' },
  // @ts-expect-error TS2322: neither
  { username: 'hub', rules: 'hub' },
  // @ts-expect-error TS2322: both
  { username: 'hub', rules: 'hub', password: 'a password of the hub', passwordHash: '$7$' },
]
