/**
 * Messages that wait for a connection. Apart, so that a program that does not import it does not have it.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { checkOptions } from '../../src/base/options.ts'
import { OfflineQueue, type OfflineQueueConfig } from '../../src/client/offline-queue.ts'

/**
 * Lets messages wait in memory that are published while a connection is lost, to be sent in order when it
 * is made again. Each rejects with `ERR_BROKER_MESSAGE_EXPIRED` when its `messageExpiry` has passed, and
 * with `ERR_BROKER_CLOSED` if the broker is closed first.
 *
 * @throws {ConfigError} If an option is unknown, wrongly typed or out of range.
 */
export function offlineQueue(config: OfflineQueueConfig = {}): () => OfflineQueue {
  checkOptions(config, { limit: true, whenFull: true }, 'offlineQueue')
  const { limit = 1_000, whenFull = 'reject' } = config
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000_000) {
    throw new ConfigError('offlineQueue.limit', 'must be a whole number from 1 to 1000000')
  }
  if (whenFull !== 'reject' && whenFull !== 'drop-oldest') {
    throw new ConfigError('offlineQueue.whenFull', "must be 'reject' or 'drop-oldest'")
  }
  return () => new OfflineQueue({ limit, whenFull })
}
