"""Scripts that run atomically inside Redis.

The hash of the state holds `generation` (16 bytes), `merged` (how many authors the set of merged
ones has) and one field for each lane, the text `lineage offset last_id at`. A timeline is a list:
what was pushed, newest first, then what a refill read, then one seal (infra.redis.entries).

Whatever else is found in the place of a timeline is no error: one would keep a worker from pushing
to anybody. It counts as a list without a seal.
"""

from typing import Final

_SEAL: Final = """
local SEAL = '>c16c16BI8'
local function sealed(list)
  local seal = redis.pcall('LINDEX', list, -1)
  if type(seal) ~= 'string' or #seal ~= struct.size(SEAL) then return end
  return struct.unpack(SEAL, seal)
end
"""

# KEYS: state, merged set, list. ARGV: life in seconds. Whoever looks keeps the timeline alive, but
# not one whose refill may have died. Something other than a list is told as one without a seal.
GLIMPSE: Final = (
    _SEAL
    + """
local elements = redis.pcall('LRANGE', KEYS[3], 0, -1)
if elements.err then elements = {''} end
local generation, _, ready = sealed(KEYS[3])
if generation and ready == 1 then redis.call('EXPIRE', KEYS[3], ARGV[1]) end
return {redis.call('HGETALL', KEYS[1]), redis.call('SCARD', KEYS[2]), elements}
"""
)

# KEYS: state, merged set.
MERGED: Final = """
return {redis.call('HMGET', KEYS[1], 'generation', 'merged'), redis.call('SMEMBERS', KEYS[2])}
"""

# KEYS: state, list. ARGV: generation, seal, life in seconds, whether a ready one is made anew.
BEGIN: Final = (
    _SEAL
    + """
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return nil end
local generation, _, ready = sealed(KEYS[2])
if generation == ARGV[1] and not (ready == 1 and ARGV[4] == '1') then return nil end
redis.call('DEL', KEYS[2])
redis.call('RPUSH', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return redis.call('HGETALL', KEYS[1])
"""
)

# KEYS: state, list. ARGV: generation, token, floor, life in seconds, blobs. What was pushed
# meanwhile may have been cut already: the higher floor counts.
FINISH: Final = (
    _SEAL
    + """
if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return 0 end
local generation, token, ready, floor = sealed(KEYS[2])
if generation ~= ARGV[1] or token ~= ARGV[2] or ready == 1 then return 0 end
redis.call('RPOP', KEYS[2])
for at = 5, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[at]) end
local seal = struct.pack(SEAL, generation, token, 1, math.max(floor, tonumber(ARGV[3])))
redis.call('RPUSH', KEYS[2], seal)
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
"""
)

# KEYS: lists. ARGV: how many entries to keep, how many more to bear, then one blob for each list.
# A list that cannot take its blob goes, as it would lack it, and so does a damaged one that is to
# be cut: what it would lose cannot be told. To count entries at each push would cost more than the
# push: blobs beyond the number to keep go, and where blobs hold many entries they are counted
# about once in every `slack` of them.
PUSH: Final = (
    _SEAL
    + """
local keep, slack = tonumber(ARGV[1]), tonumber(ARGV[2])
local function cut(list, from)
  local dropped = redis.call('LRANGE', list, from, -2)
  if #dropped == 0 then return end
  local generation, token, ready, floor = sealed(list)
  if not generation then return redis.call('DEL', list) end
  for _, blob in ipairs(dropped) do
    if #blob == 0 or #blob % 24 ~= 0 then return redis.call('DEL', list) end
    floor = math.max(floor, (struct.unpack('>I8', blob)))
  end
  redis.call('LTRIM', list, 0, from - 1)
  redis.call('RPUSH', list, struct.pack(SEAL, generation, token, ready, floor))
end
local function enough(list)
  local entries = 0
  for place, blob in ipairs(redis.call('LRANGE', list, 0, -2)) do
    entries = entries + #blob / 24
    if entries >= keep then return place end
  end
end
local told = 0
for at, list in ipairs(KEYS) do
  local blob = ARGV[at + 2]
  local entries = #blob / 24
  local length = redis.pcall('LPUSHX', list, blob)
  if type(length) == 'table' then
    redis.call('DEL', list)
  elseif length > 0 then
    told = told + entries
    if length > keep + slack then cut(list, keep)
    elseif entries > 1 and length % math.max(1, math.floor(slack / entries)) == 0 then
      local place = enough(list)
      if place then cut(list, place) end
    end
  end
end
return told
"""
)

# KEYS: state, merged set. ARGV: authors. A set that lost members must not look whole again, so the
# state goes, and with it the generation.
MERGE: Final = """
local known = tonumber(redis.call('HGET', KEYS[1], 'merged') or 0)
if redis.call('SCARD', KEYS[2]) ~= known then
  redis.call('DEL', KEYS[1], KEYS[2])
  return
end
redis.call('SADD', KEYS[2], unpack(ARGV))
redis.call('HSET', KEYS[1], 'merged', redis.call('SCARD', KEYS[2]))
"""

# KEYS: state, merged set. ARGV: the next generation, then for each move four: lane, '1' if exact,
# and the two places.
ADVANCE: Final = """
local known = tonumber(redis.call('HGET', KEYS[1], 'merged') or 0)
local over = redis.call('HEXISTS', KEYS[1], 'generation') == 0
  or redis.call('SCARD', KEYS[2]) ~= known
local function place(text)
  local lineage, offset, last = string.match(text, '^(%S+) (%S+) (%S+)')
  return lineage, tonumber(offset), last
end
local function follows(held, before, exact)
  if not held then return false end
  local lineage, offset, last = place(held)
  local wanted, from, record = place(before)
  if lineage ~= wanted then return false end
  if exact then return offset == from and last == record end
  return offset >= from
end
for at = 2, #ARGV, 4 do
  local lane, exact, before, after = ARGV[at], ARGV[at + 1] == '1', ARGV[at + 2], ARGV[at + 3]
  local held = redis.call('HGET', KEYS[1], lane)
  local apart = not follows(held, before, exact)
  over = over or apart
  local _, reached = place(after)
  if apart or reached > select(2, place(held)) then
    redis.call('HSET', KEYS[1], lane, after)
  end
end
if not over then return 0 end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'merged', 0)
return 1
"""
