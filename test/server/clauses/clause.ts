/**
 * A normative statement of MQTT, as the tables here have it.
 *
 * @module
 */
import type { Site, SiteOptions } from '../fixture.ts'

/** Makes a server whose clients speak the version of the table. */
export type MakeSite = (options?: Omit<SiteOptions, 'version'>) => Site

/** Shows that the server keeps it. */
export type ClauseTest = (make: MakeSite) => Promise<void>

/** Why there is nothing to show. */
export interface NoTest {
  readonly because: string
}

/** One statement: its number, what it says, and how it is shown or why not. */
export type Clause = readonly [id: string, says: string, how: ClauseTest | NoTest]

/** It speaks of what a client has to do, and says nothing of a server that meets one which does not. */
export const CLIENT: NoTest = { because: 'it binds the client alone' }

/** The server has no such packets to send. */
export const NEVER_SENT: NoTest = { because: 'this server never sends that property' }

/** The server speaks over whatever carries bytes. */
export const TRANSPORT: NoTest = { because: 'it binds the transport, which is not the server here' }
