/**
 * What can be done to a device.
 *
 * @module
 */
import { ask, devicePath, type Report } from '../api.ts'
import { html } from '../html.ts'
import type { Deed } from '../parts/deed.ts'
import { Field } from '../parts/field.ts'

/** By what it is called in the code. */
export type DeedName = 'rotate' | 'retire' | 'revoke' | 'restore' | 'kick' | 'remove'

interface Target {
  readonly type: string
  readonly id: string
  readonly credentialId?: string
}

/** What is to be done, in words. */
export function deedOf(name: DeedName, { type, id, credentialId }: Target): Deed {
  const path = devicePath(type, id)
  switch (name) {
    case 'rotate':
      return {
        title: `A new password for ${id}?`,
        text: 'The device gets a new password. Those that it has are good for the time below, then they end.',
        verb: 'Make a new password',
        done: 'There is a new password.',
        fields: html`<${Field} label="Old passwords stay good for" hint="Hours. 0 ends them at once.">
          <input name="overlap" type="number" min="0" max="8760" step="any" value="24" required />
        <//>`,
        run: (form) =>
          ask<Report>('POST', `${path}/rotate`, { overlap: Number(form.get('overlap')) * 3_600 }),
      }
    case 'retire':
      return {
        title: `End this password of ${id}?`,
        text: `Nobody can log in with the password ${credentialId} any more. The others stay.`,
        verb: 'End the password',
        done: 'The password has ended.',
        isDestructive: true,
        run: () => ask<Report>('POST', `${path}/retire`, { credentialId }),
      }
    case 'revoke':
      return {
        title: `Revoke ${id}?`,
        text: 'Its sessions end, and it can neither log in nor do anything until it is restored.',
        verb: 'Revoke',
        done: 'The device is revoked.',
        isDestructive: true,
        run: () => ask<Report>('POST', `${path}/revoke`),
      }
    case 'restore':
      return {
        title: `Restore ${id}?`,
        text: 'It may log in again, with the passwords that it has.',
        verb: 'Restore',
        done: 'The device is restored.',
        run: () => ask<Report>('POST', `${path}/restore`),
      }
    case 'kick':
      return {
        title: `End the sessions of ${id}?`,
        text: 'It is disconnected at every broker, keeps its rights, and may connect again at once.',
        verb: 'End sessions',
        done: 'Its sessions have ended.',
        isDestructive: true,
        run: async () => (await ask<{ report: Report }>('POST', `${path}/kick`)).report,
      }
    case 'remove':
      return {
        title: `Remove ${id}?`,
        text: 'The device is taken off record with its passwords and its last state. That cannot be undone.',
        verb: 'Remove',
        done: 'The device is removed.',
        isDestructive: true,
        run: () => ask<Report>('DELETE', path),
      }
  }
}
