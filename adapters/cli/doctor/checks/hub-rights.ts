/**
 * Whether the hub may subscribe to what devices send.
 *
 * @module
 */
import { subscriptionsTo } from '../../../../src/hub/subscriptions.ts'
import { type Connection, isGranted, type Patient } from '../patient.ts'

/** Makes the check. What is received is dropped: the subscriptions take nothing from anybody. */
export async function checkHubRights(patient: Patient, hub: Connection): Promise<boolean> {
  const { report, subject, fleet, types } = patient
  return report.check('hub-rights', subject, async (found) => {
    for (const { filter } of subscriptionsTo(fleet, types)) {
      if (await isGranted(hub.broker.subscribe([{ filter }]))) continue
      found(
        'hub-denied',
        `it denies the login of the hub to subscribe to ${filter}`,
        "give its service account rules: 'hub'",
      )
      return
    }
  })
}
