/**
 * Where a client connects from, as failed logins are counted.
 *
 * @module
 */

const GROUP = /^[0-9a-f]{1,4}$/
const MAPPED = /^::ffff:(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})$/

/**
 * The name of a peer: an IPv6 address is cut to its network of 64 bits, since whoever has one address
 * of it has all of them (RFC 6177, RFC 7421), and one that stands for IPv4 is that. Anything else is
 * its own name.
 */
export function peerName(peer: string): string {
  const address = peer
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/%.*$/s, '')
  const mapped = MAPPED.exec(address)
  if (mapped) return mapped[1]!
  const groups = readGroups(address)
  if (!groups) return peer
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** The eight groups of an IPv6 address, or `undefined`. */
function readGroups(address: string): readonly string[] | undefined {
  if (address.length > 45) return undefined
  const halves = address.split('::')
  if (halves.length > 2) return undefined
  const [before, after] = halves.map((half) => splitGroups(half)) as [string[], string[]?]
  const missing = 8 - before.length - (after?.length ?? 0)
  if (after === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...before, ...Array<string>(missing).fill('0'), ...(after ?? [])]
  return groups.every((group) => GROUP.test(group)) ? groups : undefined
}

/** The groups of one half. An IPv4 address at its end, which stands for two, is beyond the network. */
function splitGroups(half: string): string[] {
  if (half === '') return []
  return half.replace(/(^|:)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/, '$10:0').split(':')
}
