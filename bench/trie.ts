/**
 * `qlobber`, a trie of topic filters, set up for MQTT: as the list of subscriptions it is made for,
 * and as a list of access rules.
 *
 * @module
 */
import { Qlobber, QlobberDedup } from 'qlobber'
import type { AccessRequest, AccessRule } from '../src/index.ts'
import { meets } from './plain-loop.ts'

const MQTT = {
  separator: '/',
  wildcard_one: '+',
  wildcard_some: '#',
  match_empty_levels: true,
} as const

/** Filters with their place in the list as the value; finds an array. */
export function trieOf(filters: readonly string[]): Qlobber<number> {
  const trie = new Qlobber<number>(MQTT)
  filters.forEach((filter, i) => {
    trie.add(filter, i)
  })
  return trie
}

/** The same; finds a set, in which each value is once. */
export function dedupTrieOf(filters: readonly string[]): QlobberDedup<number> {
  const trie = new QlobberDedup<number>(MQTT)
  filters.forEach((filter, i) => {
    trie.add(filter, i)
  })
  return trie
}

/** Rules in one trie for each action, for requests about a single topic. */
export function decideWithTrie(rules: readonly AccessRule[]): (request: AccessRequest) => boolean {
  const tries = { publish: new Qlobber<AccessRule>(MQTT), subscribe: new Qlobber<AccessRule>(MQTT) }
  for (const rule of rules) {
    for (const action of rule.actions) tries[action].add(rule.filter, rule)
  }
  return (request) => {
    const found = tries[request.action].match(request.topic)
    return (
      !found.some(({ effect }) => effect === 'deny') && found.some((rule) => meets(rule, request))
    )
  }
}
