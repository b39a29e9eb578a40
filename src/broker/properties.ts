/**
 * What travels with a message beside its payload, as brokers look at it.
 *
 * @module
 */
import type { MessageProperties } from './broker.ts'

/** Whether a message has anything beside its topic and payload. */
export function hasProperties(message: MessageProperties): boolean {
  const { correlationData, contentType, messageExpiry, responseTopic, userProperties } = message
  return (
    userProperties !== undefined ||
    correlationData !== undefined ||
    responseTopic !== undefined ||
    contentType !== undefined ||
    messageExpiry !== undefined
  )
}

/** User properties with one entry for each value. */
export function userPairs(
  properties: NonNullable<MessageProperties['userProperties']>,
): [key: string, value: string][] {
  return Object.entries(properties).flatMap(([key, values]) =>
    [values].flat().map((value): [string, string] => [key, value]),
  )
}
