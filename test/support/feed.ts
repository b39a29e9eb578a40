/**
 * A change feed in memory, whose connections a test can end, and which it can put out of order.
 *
 * @module
 */
import type { ChangeFeed, FeedConnection } from '../../src/base/change-feed.ts'

interface Listening {
  readonly onText: (text: string) => void
  readonly onLost: (error: Error) => void
}

/** See {@link testFeed}. */
export interface TestFeed extends ChangeFeed {
  /** What was sent, in its order. */
  readonly sent: string[]
  /** How many listen. */
  readonly connections: number
  /** How often somebody began to listen, in vain too. */
  readonly attempts: number
  /** What each call does: fails, answers never, or what it should. */
  publishing: Error | 'silent' | undefined
  listening: Error | 'silent' | undefined
  /** Ends all connections. */
  sever(): void
  /** Has all connections hear nothing more, without a word. */
  silence(): void
}

/** Makes one: each fleet that has it is a process of its own. */
export function testFeed(): TestFeed {
  const connections = new Set<Listening>()

  async function come(state: Error | 'silent' | undefined): Promise<void> {
    if (state === 'silent') await new Promise(() => {})
    if (state instanceof Error) throw state
  }

  const at: TestFeed & { attempts: number } = {
    sent: [],
    attempts: 0,
    publishing: undefined,
    listening: undefined,
    get connections() {
      return connections.size
    },

    async publish(text) {
      await come(at.publishing)
      at.sent.push(text)
      for (const { onText } of connections) queueMicrotask(() => onText(text))
    },

    async listen(onText, onLost): Promise<FeedConnection> {
      at.attempts++
      await come(at.listening)
      const connection: Listening = { onText, onLost }
      connections.add(connection)
      return { close: async () => void connections.delete(connection) }
    },

    sever() {
      const ended = [...connections]
      connections.clear()
      for (const { onLost } of ended) onLost(new Error('the connection was cut'))
    },

    silence() {
      connections.clear()
    },
  }
  return at
}
