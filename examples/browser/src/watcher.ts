/**
 * The page's connection: as whom it is made, and what it may do.
 *
 * @module
 */
import {
  browserBroker,
  createWatcher,
  credentials,
  guardedBroker,
  sendCommands,
  tokenLogin,
  type Watcher,
} from 'devicehub/browser'

/**
 * Makes a watcher, and begins to connect: `watcher.connection` tells what becomes of it.
 *
 * @throws {TokenLoginError} If nobody is signed in.
 */
export async function openWatcher(): Promise<Watcher> {
  const login = tokenLogin('/token')
  const { url, principal } = await login.details()
  const broker = browserBroker({
    url,
    credentials: credentials(login.credentials),
    sessionExpiry: 60, // seconds
    waitForBroker: true,
  })
  // The broker would refuse the same, without a word why.
  const watcher = createWatcher(guardedBroker(broker, principal), { commands: sendCommands() })
  watcher.start().catch(() => {})
  return watcher
}
