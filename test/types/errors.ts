/** One type for all errors, whose code tells which it is. */
import { type ErrorCode, isDeviceHubError } from '../../src/index.ts'

function advise(error: unknown): string | number | undefined {
  if (!isDeviceHubError(error)) return undefined
  switch (error.code) {
    case 'ERR_CONFIG':
      return error.key
    case 'ERR_BROKER_CERTIFICATE':
      return error.problem
    case 'ERR_BROKER_REFUSED':
      return error.reasonCode
    case 'ERR_COMMAND_FAILED':
      return error.deviceCode
    case 'ERR_DEVICE_EXISTS':
      // @ts-expect-error TS2339: a device that exists is no setting
      return error.key
    case 'ERR_BROKER_TIMEOUT':
      // @ts-expect-error TS2339: only a certificate has a problem
      return error.problem
    // @ts-expect-error TS2678: there is no such code
    case 'ERR_CONFIGURATION':
      return undefined
    default:
      return error.code satisfies ErrorCode
  }
}

advise(undefined)

export function codeOf(error: unknown): ErrorCode {
  // @ts-expect-error TS18046: not known to be one of ours
  return error.code
}
