/**
 * Mutants that do what the original does, each with the reason.
 *
 * @module
 */

const READ = 'src/topic/read.ts'
const SCAN = 'src/topic/scan.ts'
const TREE = 'src/topic/tree.ts'
const KNOWN = 'src/fleet/known.ts'
const THROTTLE = 'src/fleet/throttle.ts'
const REGISTRY = 'src/fleet/registry.ts'

const REASONS: readonly (readonly [reason: string, keys: readonly string[]])[] = [
  [
    'A well-formed filter that has "#" at this level ends there, so its length follows.',
    [
      `src/topic/relation.ts withoutEmptyName: levels.length === 1 && levels[0] === '#' -> levels[0] === '#'`,
      `src/topic/relation.ts withoutEmptyName: levels.length === 2 && levels[0] === '' -> levels[0] === ''`,
    ],
  ],
  [
    'Nobody reads the kind of what is derived.',
    ["src/credential/hash-password.ts hashPassword.shape: 'scrypt' -> ''"],
  ],
  ['Any number that no other kind of level has would do.', [`${READ} MIXED: 3 -> 4`]],
  [
    'A scan is asked only after it has read a text, which sets all of these.',
    [
      `${READ} TopicReader.text: '' -> 'x'`,
      `${READ} TopicReader.first: 0 -> 1`,
      `${READ} TopicReader.first: 0 -> -1`,
      `${READ} TopicReader.end: 0 -> 1`,
      `${READ} TopicReader.end: 0 -> -1`,
      `${READ} TopicReader.#wildcards: false -> true`,
      `${READ} TopicReader.reserved: false -> true`,
    ],
  ],
  [
    'There is room for one place more than 128 levels need, and a place more still is never used.',
    [
      `${READ} TopicReader.starts: 2 -> 3`,
      `${READ} TopicReader.starts: 2 -> 1`,
      `${READ} TopicReader.kinds: 2 -> 3`,
      `${READ} TopicReader.kinds: 2 -> 1`,
    ],
  ],
  [
    'A typed array drops what is written behind its end, and a text of so many levels is refused.',
    [
      `${READ} TopicReader.#endLevel: index >= MAX_TOPIC_LEVELS -> false`,
      `${READ} TopicReader.#endLevel: index >= MAX_TOPIC_LEVELS -> index > MAX_TOPIC_LEVELS`,
    ],
  ],
  [
    'A shortcut: the way around it comes to the same answer, later.',
    [
      `${READ} TopicReader.readFilter: this.#wildcards -> true`,
      `${READ} TopicReader.#split: unit > SLASH -> false`,
      `${TREE} isSame: a === b || (a.length === b.length && a.every((level, i) => level === b[i])) -> (a.length === b.length && a.every((level, i) => level === b[i]))`,
      'src/rule/rule.ts expandFilter: !filter.includes(PLACEHOLDER) -> false',
      'src/topic/name.ts findNameProblem: value.length > 2 * MAX_NAME_LENGTH -> false',
      'src/topic/name.ts findNameProblem: 2 -> 3',
      'src/topic/name.ts findNameProblem: PLAIN.test(value) -> false',
      'src/topic/name.ts isUsername: PLAIN_USERNAME.test(text) -> false',
      "src/rule/facts.ts findSubscriptionProblem: shares !== 'none' && hidesReserved -> false",
      'src/fleet/decisions.ts Decisions.authorize: found instanceof Promise ? await found : found -> true ? await found : found',
      `${KNOWN} connected.connected: entry.namesClientId ? withClientId(principal, clientId) : principal -> true ? withClientId(principal, clientId) : principal`,
      `${KNOWN} connected: !entry.namesClientId || entry.clientId === clientId -> entry.clientId === clientId`,
      `${KNOWN} KnownPrincipals.#entryOf: false -> true`,
      `${KNOWN} KnownPrincipals.#read.entry: past?.found === found ? past : this.#entryOf(username, found) -> false ? past : this.#entryOf(username, found)`,
      `${KNOWN} KnownPrincipals.isActive: username !== undefined && isDevice(this.#entries.get(username), type, id) -> isDevice(this.#entries.get(username), type, id)`,
      `${REGISTRY} deviceRegistry.update: given.clientIds -> true`,
      "src/credential/token.ts authorityOf.readNote: typeof note !== 'string' || note.length > MAX_TOKEN_BYTES -> typeof note !== 'string'",
      'src/credential/token.ts authorityOf.readNote: note.length > MAX_TOKEN_BYTES -> note.length >= MAX_TOKEN_BYTES',
      'src/credential/token.ts authorityOf.readNote: !body || !proof -> !proof',
      "adapters/hono/secret.ts secretCheck.header: value.startsWith(BEARER) && value[BEARER.length] !== ' ' -> false",
      'src/fleet/token-source.ts TokenSource.find: note === undefined -> false',
      'src/credential/scrypt.ts deriveScrypt: (await nativeScrypt(password, hash)) ?? loopScrypt(password, hash) -> loopScrypt(password, hash)',
      'src/rule/compile.ts PreparedAccess.#isCovered: topic -> false',
      'src/rule/prepare.ts prepareAllow: isPlain ? filledText(filter) : undefined -> false ? filledText(filter) : undefined',
      'src/credential/keyed-hash.ts keyedHash: KeyedHasher -> false',
      "src/credential/keyed-hash.ts keyedHash: return (text) => begun.copy().update(text).digest('hex') -> ;",
      'src/credential/keyed-hash.ts keyedHash: hash ? nativeHash(hash, key) : portableHash(key) -> false ? nativeHash(hash, key) : portableHash(key)',
      'src/credential/keyed-hash.ts MAX_SHORT: 256 -> 257',
      'src/credential/keyed-hash.ts MAX_SHORT: 256 -> 255',
      'src/credential/keyed-hash.ts bytesBehind: length > MAX_SHORT -> true',
      'src/credential/keyed-hash.ts bytesBehind: length > MAX_SHORT -> length >= MAX_SHORT',
      'src/credential/keyed-hash.ts bytesBehind: i < length -> i <= length',
      'src/credential/keyed-hash.ts bytesBehind: code > 0x7f -> true',
      'src/credential/keyed-hash.ts bytesBehind: code > 0x7f -> code >= 0x7f',
      'src/credential/keyed-hash.ts bytesBehind: 0x7f -> 126',
      'src/credential/keyed-hash.ts bytesBehind: view.length !== start + length -> true',
      'src/credential/keyed-hash.ts bytesBehind: start + length -> start - length',
      'src/credential/verifier.ts passwordVerifier.trySlow: return true -> ;',
      'src/credential/verifier.ts passwordVerifier.make: isPromise(begun) ? await begun : begun -> true ? await begun : begun',
      'src/credential/verifier.ts passwordVerifier.verify.only: 0 -> 1',
      'src/credential/verifier.ts passwordVerifier.verify.only: 0 -> -1',
      "src/credential/verifier.ts passwordVerifier.verify: stored.length === 1 && typeof only === 'string' && isGeneratedHash(only) -> false",
      'src/credential/verifier.ts passwordVerifier.verify: continue -> ;',
    ],
  ],
  [
    'A text with nothing before its "/", or with a second one, is refused wherever it is cut.',
    [
      "src/topic/name.ts isUsername.slash: text.indexOf('/') -> text.lastIndexOf('/')",
      'src/topic/name.ts isUsername: slash < 0 -> slash <= 0',
      'src/topic/name.ts isUsername: 0 -> 1',
    ],
  ],
  ['The share prefix takes 2 levels or none.', [`${SCAN} TopicScan.hasShare: 0 -> 1 (2)`]],
  [
    'The levels given have no "#" at the first level: it stands behind a "+" there.',
    [
      `${SCAN} TopicScan.isOverlappedBy: head === '+' || head === '#' -> head === '+'`,
      `${SCAN} TopicScan.isOverlappedBy: '#' -> '+'`,
    ],
  ],
  [
    'Counting down from 0 is as good: it is only asked whether there is any.',
    [`${READ} TopicReader.#split: marks++ -> marks--`],
  ],
  [
    'A first level that begins with "$" and is no word holds a wildcard, and was refused.',
    [
      `${READ} TopicReader.#enter: this.kinds[first] === WORD && this.text.charCodeAt(this.starts[first]!) === DOLLAR_SIGN -> this.text.charCodeAt(this.starts[first]!) === DOLLAR_SIGN`,
    ],
  ],
  [
    'The two levels that are filled in are filled in each time, and passed over when a name is read.',
    ['src/topic/template.ts compileTemplate.fill.filled: levels.slice() -> levels'],
  ],
  [
    'Before the first level and behind the last there is nothing in either list, which is the same.',
    [
      'src/topic/template.ts compileTemplate.parse.i: 0 -> -1',
      'src/topic/template.ts compileTemplate.parse: i < levels.length -> i <= levels.length',
    ],
  ],
  ['It is set before it is read.', [`${REGISTRY} deviceRegistry.provision.password: '' -> 'x'`]],
  [
    'Keys that are not there fail, and those that fail count nothing.',
    [
      'src/fleet/create.ts createFleet.shared: keys && new SharedFailures(keys, prefix) -> new SharedFailures(keys, prefix)',
    ],
  ],
  ['Without a credential the write fails before the store is asked, and the login stands.', []],
  ['Of two credentials with one hash either may be the one that is replaced.', []],
  [
    'No longer text is an address: it is only found out sooner.',
    [
      'src/fleet/peer.ts readGroups: address.length > 45 -> false',
      'src/fleet/peer.ts readGroups: 45 -> 46',
    ],
  ],
  [
    'The time is noted whether the clock is found to stand still or not.',
    [
      'src/credential/slow-check.ts slowCheck.derive: time > 0 -> false',
      'src/credential/slow-check.ts slowCheck.derive: 0 -> 1',
      'src/credential/slow-check.ts slowCheck.derive: return { key, noted: undefined } -> ;',
    ],
  ],
  [
    'One core is what is said where nobody tells.',
    [
      'src/credential/native.ts countCores: told >= 1 -> told > 1',
      'src/credential/native.ts countCores: 1 -> 2',
    ],
  ],
  [
    'What the runtime has not answers nothing, and is derived on the event loop.',
    [
      'src/credential/slow-check.ts slowCheck: HAS_NATIVE_SCRYPT && (() => nativeScrypt(bytes, hash)) -> (() => nativeScrypt(bytes, hash))',
    ],
  ],
  [
    'Only a line with tasks is made to give way.',
    ['src/credential/gate.ts gate.giveWay: !last -> false'],
  ],
  ['It is only asked who pretends.', ["src/credential/gate.ts gate.run.turn: 'task' -> ''"]],
  [
    'What has ended is kept for longer, and found no more.',
    [
      'src/credential/remembered.ts remembered.add: expiries.size <= limit && expiry > now() -> expiries.size <= limit',
      'src/credential/remembered.ts remembered.add: expiry > now() -> expiry >= now()',
    ],
  ],
  [
    'Without an expiry there is none that is later.',
    ['src/credential/remembered.ts remembered.has: expiry === undefined -> false'],
  ],
  [
    'No hash within the bounds needs half as much.',
    [
      'src/credential/scrypt.ts NATIVE_MEMORY_LIMIT: 2 -> 3',
      'src/credential/scrypt.ts NATIVE_MEMORY_LIMIT: 29 -> 30',
      'src/credential/scrypt.ts NATIVE_MEMORY_LIMIT: 29 -> 28',
    ],
  ],
  [
    'What is not there cannot be called, and what fails is derived without it.',
    ['src/credential/scrypt.ts nativeScrypt: !native -> false'],
  ],
  [
    'Nothing verifies without a stored one, whatever is hashed for the time it takes.',
    [
      'src/credential/rehashed.ts passwordRehasher.verify.actual: stored?.salt ?? NO_SALT -> stored?.salt',
    ],
  ],
  [
    'A name is as good in other cells, if they are always the same: it is not seen how rarely all of them are others’ too.',
    [
      `${THROTTLE} PARTS: 3 -> 4`,
      `${THROTTLE} ROWS: 4 -> 5`,
      `${THROTTLE} ROWS: 4 -> 3`,
      `${THROTTLE} MAX_COUNT: 255 -> 254`,
      `${THROTTLE} FailureCounter.find.number: 8 -> 9`,
      `${THROTTLE} FailureCounter.find.number: 8 -> 7`,
      `${THROTTLE} FailureCounter.find.number: 8 -> 9 (2)`,
      `${THROTTLE} FailureCounter.find.number: 8 -> 7 (2)`,
      `${THROTTLE} FailureCounter.find.number: 8 -> 9 (3)`,
      `${THROTTLE} FailureCounter.find.number: 8 -> 7 (3)`,
      `${THROTTLE} FailureCounter.find.number: 16 -> 17`,
      `${THROTTLE} FailureCounter.find: 1 -> 2`,
      `${THROTTLE} USER_WIDTH: 15 -> 16`,
      `${THROTTLE} USER_WIDTH: 15 -> 14`,
      `${THROTTLE} PEER_WIDTH: 13 -> 14`,
      `${THROTTLE} PEER_WIDTH: 13 -> 12`,
      `${THROTTLE} loginThrottle.find: 32 -> 33`,
      `${THROTTLE} loginThrottle.find: 32 -> 31`,
    ],
  ],
  [
    'The clock is one for durations, which is never set back: a part that is there twice counts as one.',
    [
      `${THROTTLE} FailureCounter.#partsAt.number: this.#parts[0]?.number ?? -Infinity -> -Infinity`,
      `${THROTTLE} FailureCounter.#partsAt.number: 0 -> 1`,
      `${THROTTLE} FailureCounter.#partsAt.number: 0 -> -1`,
      `${THROTTLE} FailureCounter.#partsAt: 0 -> 1`,
    ],
  ],
  [
    'Other digits of a name pick one as well, if they are always the same.',
    [
      'src/credential/decoy.ts Decoys.pretend.pick: 0 -> 1',
      'src/credential/decoy.ts Decoys.pretend.pick: 2 -> 3',
      'src/credential/decoy.ts Decoys.pretend.pick: 2 -> 1',
    ],
  ],
  [
    'Any other half of the names will do, or about half, if it is always the same.',
    [
      'src/credential/verifier.ts passwordVerifier.isGuess: Number.parseInt(keyOf(username)[2]!, 16) >= 8 -> Number.parseInt(keyOf(username)[2]!, 16) > 8',
      'src/credential/verifier.ts passwordVerifier.isGuess: Number.parseInt(keyOf(username)[2]!, 16) >= 8 -> Number.parseInt(keyOf(username)[2]!, 16) < 8',
      'src/credential/verifier.ts passwordVerifier.isGuess: 2 -> 3',
      'src/credential/verifier.ts passwordVerifier.isGuess: 2 -> 1',
      'src/credential/verifier.ts passwordVerifier.isGuess: 16 -> 17',
      'src/credential/verifier.ts passwordVerifier.isGuess: 16 -> 15',
      'src/credential/verifier.ts passwordVerifier.isGuess: 8 -> 9',
      'src/credential/verifier.ts passwordVerifier.isGuess: 8 -> 7',
    ],
  ],
  [
    'A random key of nearly the same length is as hard to foresee.',
    [
      'src/credential/verifier.ts passwordVerifier.keyOf: 32 -> 33',
      'src/credential/verifier.ts passwordVerifier.keyOf: 32 -> 31',
    ],
  ],
  [
    'Nobody is let in without a record.',
    [
      "src/fleet/devices.ts DeviceSource.#check: typeof answer === 'string' || !record -> typeof answer === 'string'",
    ],
  ],
  [
    'A text that is no window has no end either, and nothing is before that.',
    [
      "src/fleet/shared-failures.ts readWindow: value ?? '' -> value",
      "src/fleet/shared-failures.ts readWindow: '' -> 'x'",
      'src/fleet/shared-failures.ts readWindow: failures === undefined || !isNow -> !isNow',
    ],
  ],
  [
    'Whoever asks takes nothing for no.',
    ['src/fleet/attempt.ts LoginAttemptCount.begin: return false -> return undefined'],
  ],
  [
    'What is kept in vain is found nowhere: a device is looked for under its usual name first.',
    [
      `${KNOWN} KnownPrincipals.#entryOf: name !== undefined && !isUsual -> true`,
      `${KNOWN} KnownPrincipals.#entryOf: name !== undefined && !isUsual -> name !== undefined`,
      `${KNOWN} KnownPrincipals.#entryOf: name !== undefined && !isUsual -> !isUsual`,
    ],
  ],
  [
    'It is only asked whether there is a value.',
    ["src/credential/token.ts authorityOf.issue.known: '' -> 'x'"],
  ],
  [
    'A token of this form has both, and any other neither.',
    [
      'src/credential/token.ts authorityOf.verify: !body || !signature -> !body',
      'src/credential/token.ts authorityOf.verify: !body || !signature -> !signature',
    ],
  ],
  [
    'A token is noted only after it was verified.',
    [
      "src/credential/token.ts authorityOf.note: '' -> 'x'",
      'src/credential/token.ts authorityOf.note: TOKEN_FORM.exec(password) ?? [] -> TOKEN_FORM.exec(password)',
    ],
  ],
  [
    'It is only asked whether sessions are found by user name.',
    ["src/fleet/login.ts isForeign: 'client-id' -> ''"],
  ],
  ['No secret is of one character.', ["adapters/hono/secret.ts secretCheck: '' -> 'x'"]],
  [
    'No value is of this class: it does not leave its module.',
    [
      `${TREE} filterTree.withValue: value === undefined || value instanceof Several -> value === undefined`,
    ],
  ],
  [
    'What is left of several values is the same set, and a lone value leaves nothing.',
    [`${TREE} filterTree.delete: branch.values = left -> ;`],
  ],
  [
    'The tree holds more or makes more objects, and finds the same. `npm run bench` measures memory.',
    [
      `${TREE} filterTree.withValue: value === undefined || value instanceof Several ? new Several<T>([value]) : valu… -> true ? new Several<T>([value]) : value`,
      `${TREE} filterTree.add: !branch || isSame(branch.rest, rest) -> !branch`,
      `${TREE} filterTree.add: branch -> false`,
      `${TREE} filterTree.delete: prune(path, levels) -> ;`,
      `${TREE} setBranch: branch -> true`,
      `${TREE} prune: i > 0 -> false`,
      `${TREE} prune.i: 1 -> 2`,
      `${TREE} prune: 0 -> 1`,
      `${TREE} prune: children?.size || plus || here !== undefined || below !== undefined -> true`,
      `${TREE} prune: setBranch(path[i - 1]!, levels[i - 1]!, undefined) -> ;`,
      `${TREE} prune: 1 -> 0`,
      `${TREE} withoutValue: values.size === 0 ? undefined : values -> false ? undefined : values`,
      `${TREE} withoutValue: 0 -> -1`,
      `${TREE} MAX_SHARED_RESTS: 1_000 -> 1001`,
      `${TREE} MAX_SHARED_RESTS: 1_000 -> 999`,
      `${TREE} sharedRests: rest.length > 1 -> true`,
      `${TREE} sharedRests: rest.length > 1 -> rest.length >= 1`,
      `${TREE} sharedRests: 1 -> 0`,
      `${TREE} sharedRests: same -> false`,
      `${TREE} sharedRests: known.size === MAX_SHARED_RESTS -> true`,
      `${TREE} sharedRests: known.size === MAX_SHARED_RESTS -> false`,
      `${TREE} sharedRests: known.size === MAX_SHARED_RESTS -> known.size !== MAX_SHARED_RESTS`,
      `${TREE} sharedRests: known.set(rest[0], rest) -> ;`,
    ],
  ],
]

/** Why a mutant does what the original does, by its key. */
export const EQUIVALENT: Readonly<Record<string, string>> = Object.fromEntries(
  REASONS.flatMap(([reason, keys]) => keys.map((key) => [key, reason])),
)
