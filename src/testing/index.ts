/**
 * What the tests of a user need, with any test runner: a clock that they advance, devices of declared types,
 * faults, and the promises of stores and brokers as cases.
 *
 * @module
 */
export { ContractError } from './assert.ts'
export type { BrokerUnderTest, LosableBroker, OpenBroker } from './broker/bench.ts'
export { brokerContract } from './broker/contract.ts'
export { type VirtualClock, virtualClock } from './clock.ts'
export type { Contract, ContractCase } from './contract.ts'
export {
  type CommandHandlers,
  type CommandPayload,
  type CommandReply,
  type VirtualDevice,
  type VirtualDeviceOptions,
  virtualDevice,
} from './device.ts'
export { type Fault, type FaultScript, type RandomFaults, randomFaults } from './fault.ts'
export { type FaultOptions, type FaultyBroker, faultyBroker } from './faulty-broker.ts'
export { changeFeedContract, type OpenedFeed, type OpenFeed } from './feed/contract.ts'
export { type VirtualFleet, type VirtualFleetOptions, virtualFleet } from './fleet.ts'
export { keysContract, type OpenedKeys, type OpenKeys } from './keys/contract.ts'
export {
  deviceStatesContract,
  deviceTrailContract,
  insertManyContract,
  type OpenedStore,
  type OpenStore,
  storeContract,
} from './store/contract.ts'
