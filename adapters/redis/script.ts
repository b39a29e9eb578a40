/**
 * The writes that Redis has no command for, as scripts that it runs undisturbed.
 *
 * @module
 */

/** A script. */
export interface RedisScript {
  readonly text: string
  /**
   * What Redis finds it by: its SHA-1. Written down, since no runtime is sure to compute it at once; a
   * test compares.
   */
  readonly sha1: string
}

/** Sets a key (`KEYS[1]`) that has the first text to the second one, for so many seconds. */
export const COMPARE_AND_SET: RedisScript = {
  text: `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
return redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])`,
  sha1: 'e8e4ed7000bb9b861a89b4b21f27b53e9415a00a',
}

/**
 * Adds a device (`KEYS[1]`) under its user name (`KEYS[2]`) to the list of all (`KEYS[3]`), and says what is
 * in its way.
 */
export const INSERT_DEVICE: RedisScript = {
  text: `if redis.call('EXISTS', KEYS[1]) == 1 then return 'device id' end
if redis.call('EXISTS', KEYS[2]) == 1 then return 'user name' end
redis.call('HSET', KEYS[1], 'username', ARGV[2],
  'revision', ARGV[3], 'revoked', ARGV[4], 'record', ARGV[5])
redis.call('SET', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return 'OK'`,
  sha1: 'f8bb5714cb2660b71c0a4f6f72901784e4cfd3d2',
}

/** Replaces a device (`KEYS[1]`) of the first revision. */
export const UPDATE_DEVICE: RedisScript = {
  text: `if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then return false end
redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'revoked', ARGV[3], 'record', ARGV[4])
return 'OK'`,
  sha1: 'd46b56f1c3224e5d4fb617cf7f5fc23defacf644',
}

/**
 * Removes a device (`KEYS[1]`) of a revision, from the list of all (`KEYS[2]`) and from its user name.
 */
export const DELETE_DEVICE: RedisScript = {
  text: `if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then return false end
redis.call('DEL', ARGV[3] .. redis.call('HGET', KEYS[1], 'username'))
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
return 'OK'`,
  sha1: 'e0efe9c41d2c923452507e06608f57775d781c26',
}

/** The name and the fields of the device that a user name (`KEYS[1]`) has. */
export const FIND_DEVICE: RedisScript = {
  text: `local name = redis.call('GET', KEYS[1])
if not name then return false end
local found = redis.call('HMGET', ARGV[1] .. name, 'username', 'revision', 'revoked', 'record')
return { name, found[1], found[2], found[3], found[4] }`,
  sha1: '0118a1a3af4a4f205782921ee7f1feab59024304',
}

/**
 * Lists devices (`KEYS[1]`): where to go on, or nothing at the end, and of each its name and its fields.
 */
export const LIST_DEVICES: RedisScript = {
  text: `local from, to, beginning, most, limit, revoked, prefix, keys = unpack(ARGV)
local names = redis.call('ZRANGEBYLEX', KEYS[1], from, to, 'LIMIT', 0, most)
local listed, count = { '' }, 0
for i, name in ipairs(names) do
  local id = string.sub(name, string.find(name, '/', 1, true) + 1)
  if string.sub(name, 1, #beginning) == beginning and string.sub(id, 1, #prefix) == prefix then
    local key = keys .. name
    if revoked == '' or redis.call('HGET', key, 'revoked') == revoked then
      local found = redis.call('HMGET', key, 'username', 'revision', 'revoked', 'record')
      table.insert(listed, name)
      for j = 1, 4 do table.insert(listed, found[j]) end
      count = count + 1
    end
  end
  if count == tonumber(limit) or i == tonumber(most) then
    listed[1] = name
    break
  end
end
return listed`,
  sha1: '5e30fb4d929bd36b487ee470204c178d19977369',
}
