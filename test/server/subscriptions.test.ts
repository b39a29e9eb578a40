/**
 * Who subscribed to what, against a list, and the turns of shared subscriptions.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Session, Subscription } from '../../src/server/session.ts'
import { ShareGroup, Subscriptions } from '../../src/server/subscriptions.ts'
import { parseTopicFilter } from '../../src/topic/filter.ts'
import { levelsCover } from '../../src/topic/relation.ts'

function session(clientId: string): Session {
  return { clientId, subscriptions: new Map() } as unknown as Session
}

function subscription(whose: Session, filter: string, qos: 0 | 1 | 2 = 0): Subscription {
  const share = filter.startsWith('$share/') ? filter.split('/', 2)[1] : undefined
  return {
    session: whose,
    filter,
    share,
    qos,
    noLocal: false,
    retainAsPublished: false,
    identifier: undefined,
    isNarrowed: false,
  }
}

const FILTERS = [
  'a',
  'a/b',
  'a/+',
  '+/b',
  '#',
  'a/#',
  '$s/#',
  '$share/g/a',
  '$share/g/#',
  '$share/h/a',
]
const TOPICS = ['a', 'a/b', 'b', 'b/b', '$s', '$s/x', 'a/b/c']

test('a topic name finds those that subscribed to it, and each shared subscription once', () => {
  const change = fc.tuple(
    fc.nat(2),
    fc.constantFrom(...FILTERS),
    fc.constantFrom('add', 'add', 'delete', 'end'),
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const all = new Subscriptions()
      const sessions = [session('0'), session('1'), session('2')]
      let held: Subscription[] = []
      for (const [who, filter, how] of changes) {
        const whose = sessions[who]!
        const isThis = (one: Subscription) => one.session === whose && one.filter === filter
        if (how === 'end') {
          all.deleteAll(whose)
          held = held.filter((one) => one.session !== whose)
        } else if (how === 'delete') {
          assert.equal(all.delete(whose, filter), held.some(isThis))
          held = held.filter((one) => !isThis(one))
        } else {
          const next = subscription(whose, filter)
          all.add(next)
          held = [...held.filter((one) => !isThis(one)), next]
        }
      }
      assert.equal(all.size, held.length)
      for (const topic of TOPICS) {
        const expected = held.filter(({ filter }) =>
          levelsCover(parseTopicFilter(filter).levels, topic.split('/')),
        )
        const found = [...all.match(topic)]
        const plain = found.filter((one): one is Subscription => !(one instanceof ShareGroup))
        assert.deepEqual(
          new Set(plain),
          new Set(expected.filter(({ share }) => share === undefined)),
        )
        const groups = found.filter((one) => one instanceof ShareGroup)
        const shared = new Set(expected.flatMap((one) => (one.share ? [one.filter] : [])))
        assert.deepEqual(new Set(groups), new Set([...shared].map((name) => all.group(name))))
        for (const name of shared) {
          assert.equal(all.group(name)?.size, held.filter((one) => one.filter === name).length)
        }
      }
      for (const whose of sessions) all.deleteAll(whose)
      assert.equal(all.size, 0)
      assert.deepEqual(
        TOPICS.map((topic) => all.match(topic).size),
        TOPICS.map(() => 0),
      )
    }),
  )
})

test('the members of a shared subscription take turns, whoever comes and goes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(4), fc.constantFrom('add', 'delete', 'take')), { maxLength: 30 }),
      (changes) => {
        const group = new ShareGroup()
        const members = new Map<number, Subscription>()
        const sessions = Array.from({ length: 5 }, (_, i) => session(`${i}`))
        for (const [who, how] of changes) {
          if (how === 'take') group.take(() => true)
          else if (how === 'add') {
            const member = subscription(sessions[who]!, '$share/g/a')
            members.set(who, member)
            group.add(member)
          } else {
            const member = members.get(who)
            if (member) group.delete(member)
            members.delete(who)
          }
        }
        assert.equal(group.size, members.size)
        const turns = new Map<unknown, number>()
        for (let i = 0; i < members.size * 3; i++) {
          const member = group.take(() => true)
          turns.set(member, (turns.get(member) ?? 0) + 1)
        }
        assert.deepEqual(turns, new Map([...turns.keys()].map((member) => [member, 3])))
        assert.deepEqual(new Set(turns.keys()), new Set(members.values()))
        assert.equal(
          group.take(() => false),
          undefined,
        )
      },
    ),
  )
})

test('who cannot take a message is passed over, and the others take turns', () => {
  const group = new ShareGroup()
  const [a, b, c] = ['a', 'b', 'c'].map((name) => subscription(session(name), '$share/g/a'))
  for (const member of [a, b, c]) group.add(member!)
  const taken = Array.from({ length: 6 }, () => group.take((member) => member !== b))
  assert.deepEqual(taken, [a, c, a, c, a, c])
  assert.equal(
    group.some((member) => member === b),
    true,
  )
  assert.equal(
    group.take(() => true),
    a,
  )
  assert.equal(
    group.take(() => true),
    b,
  )
})
