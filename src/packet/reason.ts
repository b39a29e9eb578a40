/**
 * Reason codes (MQTT 5, section 2.4), and the return codes of MQTT 3.1.1 in their place.
 *
 * @module
 */

/** The reason codes that are used here. */
export const REASON: Readonly<{
  success: 0x00
  disconnectWithWill: 0x04
  noMatchingSubscribers: 0x10
  noSubscriptionExisted: 0x11
  unspecifiedError: 0x80
  malformedPacket: 0x81
  protocolError: 0x82
  implementationSpecificError: 0x83
  unsupportedProtocolVersion: 0x84
  clientIdentifierNotValid: 0x85
  badUserNameOrPassword: 0x86
  notAuthorized: 0x87
  serverUnavailable: 0x88
  serverBusy: 0x89
  serverShuttingDown: 0x8b
  badAuthenticationMethod: 0x8c
  keepAliveTimeout: 0x8d
  sessionTakenOver: 0x8e
  topicFilterInvalid: 0x8f
  topicNameInvalid: 0x90
  packetIdentifierInUse: 0x91
  packetIdentifierNotFound: 0x92
  receiveMaximumExceeded: 0x93
  topicAliasInvalid: 0x94
  packetTooLarge: 0x95
  messageRateTooHigh: 0x96
  quotaExceeded: 0x97
  administrativeAction: 0x98
  payloadFormatInvalid: 0x99
  retainNotSupported: 0x9a
  qosNotSupported: 0x9b
  sharedSubscriptionsNotSupported: 0x9e
  maximumConnectTime: 0xa0
}> = {
  success: 0x00,
  disconnectWithWill: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecificError: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  sharedSubscriptionsNotSupported: 0x9e,
  maximumConnectTime: 0xa0,
}
