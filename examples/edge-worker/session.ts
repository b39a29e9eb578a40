/**
 * Who is signed in, and what is theirs: the application's own, which both workers ask.
 *
 * @module
 */
import type { DeviceRecord, DeviceStore } from 'devicehub'
import type { Context } from 'hono'
import { getSignedCookie } from 'hono/cookie'

/** The application's session: a cookie with the name of a tenant, signed by its sign-in. */
const SESSION = 'session'

/** The tenant of who asks; `undefined` for who is not signed in. */
export async function tenantOf(context: Context, key: string): Promise<string | undefined> {
  return (await getSignedCookie(context, key, SESSION)) || undefined
}

/** A pump of a tenant; `undefined` if there is none, it is revoked, or it is another's. */
export async function pumpOf(
  tenant: string,
  id: string,
  store: DeviceStore,
): Promise<DeviceRecord | undefined> {
  const device = await store.get('pump', id)
  return device && !device.revoked && device.attributes.tenant === tenant ? device : undefined
}
