/**
 * With the generated configurations nobody gets the session of another account, whatever client id
 * they come with, and the hubs of one account do not get each other's.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HUB_PASSWORD, OLD_PASSWORD, SECRET, STATION_PASSWORD, site } from '../../hono/site.ts'
import { ASKING, type Asking, type Deed } from './questions.ts'

const STATION = 'weatherstation/STATION-001'

/** Who can log in, and a filter that is theirs. */
const ACCOUNTS = [
  { username: 'old-name', password: OLD_PASSWORD, filter: 'things/pump/P-2/cmd' },
  { username: STATION, password: STATION_PASSWORD, filter: `things/${STATION}/cmd` },
  { username: 'hub', password: HUB_PASSWORD, filter: 'things/pump/P-2/data' },
] as const
type Account = (typeof ACCOUNTS)[number]

/** Everybody tries them all. */
const CLIENT_IDS = [
  'hub-1',
  '/1',
  '//1',
  ...ACCOUNTS.flatMap(({ username }) => [
    username,
    ...['/1', '//1', '///1', '////1', ' //1'].map((end) => `${username}${end}`),
    `/${username}`,
    `//${username}`,
  ]),
]

/** Answers what the broker asks about a deed; the last text if all is granted. */
async function answer(broker: Asking, deed: Deed): Promise<string | undefined> {
  let text: string | undefined
  for (const { url, init } of broker.questions(deed, SECRET)) {
    const response = await site.request(new URL(url).pathname, init)
    text = await response.text()
    if (!broker.isAllowed(response.status, text)) return undefined
  }
  return text
}

/** The session that a client gets, or `undefined` if it gets none that could hold a message. */
async function sessionOf(
  broker: Asking,
  { filter, ...login }: Account,
  clientId: string,
): Promise<string | undefined> {
  const deed: Deed = { ...login, clientId, action: 'login', topic: '', qos: 1, retain: false }
  const text = await answer(broker, deed)
  if (text === undefined) return undefined
  const subscribed = await answer(broker, { ...deed, action: 'subscribe', topic: filter })
  return subscribed === undefined ? undefined : broker.session(deed, text)
}

for (const broker of ASKING) {
  describe(broker.title, () => {
    test('no two accounts get one session', async () => {
      const owners = new Map<string, Set<string>>()
      for (const account of ACCOUNTS) {
        for (const clientId of CLIENT_IDS) {
          const session = await sessionOf(broker, account, clientId)
          if (session === undefined) continue
          owners.set(session, (owners.get(session) ?? new Set()).add(account.username))
        }
      }
      const shared = [...owners].filter(([, { size }]) => size > 1)
      assert.deepEqual(
        shared.map(([session, names]) => `${session} of ${[...names].join(', ')}`),
        [],
      )
    })

    for (const account of ACCOUNTS) {
      test(`${account.username} gets a session under its name, and another under each suffix`, async () => {
        const { username } = account
        const sessions = []
        for (const clientId of [username, `${username}//1`, `${username}//2`]) {
          sessions.push(await sessionOf(broker, account, clientId))
        }
        assert.ok(!sessions.includes(undefined), sessions.join())
        assert.equal(new Set(sessions).size, 3)
      })
    }
  })
}
