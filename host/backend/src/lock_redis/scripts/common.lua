-- The common beginning of all scripts.
--
-- ARGV[1] is the grant, ARGV[2] its number of names. KEYS are, for each name in order: its
-- holders, a sorted set of grants by the end of their leases in microseconds; then for each its
-- waiters' list; then for each its last fencing token; and at the end the mark of a grant that was
-- released. A grant begins with 'x' if it is exclusive and with 's' if it is shared, with the limit on
-- the number of holders behind the 's' if there is one, and a colon behind that.
local grant, names = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

-- Lua would write large numbers with an exponent, and lose the microseconds.
local function text(number)
  return string.format('%.0f', number)
end

local function exclusive(holder)
  return string.sub(holder, 1, 1) == 'x'
end

local function limit(holder)
  return tonumber(string.match(holder, '^s(%d+):') or math.huge)
end

-- 'held'; 'ended' if it exists but a lease is over; 'gone' if it does not exist.
local function standing()
  local answer = 'held'
  for name = 1, names do
    local ends = redis.call('ZSCORE', KEYS[name], grant)
    if not ends then
      return 'gone'
    elseif tonumber(ends) <= now then
      answer = 'ended'
    end
  end
  return answer
end

-- Starts the lease of a name. The key expires with its last lease.
local function hold(name, lease)
  redis.call('ZADD', KEYS[name], text(now + lease), grant)
  local last = redis.call('ZRANGE', KEYS[name], -1, -1, 'WITHSCORES')
  redis.call('PEXPIREAT', KEYS[name], text(math.ceil(last[2] / 1000) + 1))
end

-- Wakes one waiter of a name, which then retries. A wake-up without a receiver is kept for a second.
local function call(name)
  local waiters = KEYS[names + name]
  if redis.call('EXISTS', waiters) == 0 then
    redis.call('RPUSH', waiters, '')
  end
  redis.call('PEXPIRE', waiters, 1000)
end

local function give_up()
  for name = 1, names do
    if redis.call('ZREM', KEYS[name], grant) == 1 then
      call(name)
    end
  end
end
