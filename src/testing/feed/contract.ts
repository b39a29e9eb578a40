/**
 * The contract of change feeds.
 *
 * @module
 */
import type { ChangeFeed } from '../../base/change-feed.ts'
import type { MaybePromise } from '../../base/maybe-promise.ts'
import * as assert from '../assert.ts'
import { type Cases, type Contract, contractOf } from '../contract.ts'
import { Collector, deferred, within } from '../wait.ts'

/** A feed as two processes have it. */
export interface OpenedFeed {
  readonly one: ChangeFeed
  readonly other: ChangeFeed
  /** Ends every connection that listens, from the side of the server. */
  sever(): Promise<unknown>
  /** Called when the case is done, whatever came of it. Default: nothing is. */
  close?(): Promise<void>
}

/** Opens a feed on which nobody is, for each case another. */
export type OpenFeed = () => MaybePromise<OpenedFeed>

const LIMIT_MS = 20_000
const TEXTS: readonly string[] = [
  'a',
  ' ',
  'a line\nand\tanother',
  'it\'s "quoted" \\ $1 ? %s',
  'é水😀',
  '{"kind":"revoked"}',
  'x'.repeat(7_000),
  '水'.repeat(2_333),
]

const ignore = () => {}

const feed: Cases<[feed: OpenedFeed]> = {
  'a text is heard by all that listen, whole and in its order': async ({ one, other }) => {
    const heard = [new Collector<string>(), new Collector<string>()]
    const here = await one.listen(heard[0]!.push, ignore)
    const there = await other.listen(heard[1]!.push, ignore)
    for (const text of TEXTS) await one.publish(text)
    for (const each of heard) {
      assert.deepEqual(await each.reach(TEXTS.length, 'texts', LIMIT_MS), TEXTS)
    }
    await Promise.all([here.close(), there.close()])
  },

  'what was sent before is not heard, nor what is after the end': async ({ one, other }) => {
    const [first, second] = [new Collector<string>(), new Collector<string>()]
    await one.publish('too early')
    const closed = await other.listen(first.push, ignore)
    const open = await other.listen(second.push, ignore)
    await one.publish('a')
    await first.reach(1, 'texts', LIMIT_MS)
    await closed.close()
    await one.publish('b')
    assert.deepEqual(await second.reach(2, 'texts', LIMIT_MS), ['a', 'b'])
    assert.deepEqual(first.items, ['a'])
    await open.close()
  },

  'a connection that is ended says so, and the next one hears': async (feed) => {
    const { one, other, sever } = feed
    const heard = new Collector<string>()
    const lost = deferred<Error>()
    const connection = await other.listen(heard.push, lost.resolve)
    await sever()
    assert.ok((await within(lost.promise, 'word of the loss', LIMIT_MS)) instanceof Error)
    await connection.close()
    const next = await other.listen(heard.push, ignore)
    await one.publish('after')
    assert.deepEqual(await heard.reach(1, 'texts', LIMIT_MS), ['after'])
    await next.close()
  },

  'one that was closed tells of no loss': async ({ one, other, sever }) => {
    let losses = 0
    const connection = await other.listen(ignore, () => losses++)
    const lost = deferred<Error>()
    const bystander = await one.listen(ignore, lost.resolve)
    await connection.close()
    await connection.close()
    await sever()
    await within(lost.promise, 'word of the loss', LIMIT_MS)
    assert.equal(losses, 0)
    await bystander.close()
  },
}

/** What a {@link ChangeFeed} promises, as cases. */
export const changeFeedContract: Contract<OpenFeed> = contractOf(
  { feed },
  async (open: OpenFeed, run) => {
    const opened = await open()
    try {
      await run(opened)
    } finally {
      await opened.close?.()
    }
  },
)
