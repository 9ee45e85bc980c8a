-- Takes all names or none. Reads everything before it writes, so that an error has no effect.
-- ARGV[3]: the lease in microseconds. ARGV[4]: the lifetime of a token, in milliseconds.
-- Returns 0 and a token for each name; or the number of a name that is taken, and the
-- microseconds until it may be free.

-- The microseconds until a name may be free for the grant, or nil if it is free now: until its last lease
-- ends, or the first where there are too many holders.
local function taken(name)
  local holders = redis.call('ZRANGEBYSCORE', KEYS[name], '(' .. text(now), '+inf', 'WITHSCORES')
  local least, count = limit(grant), #holders / 2
  for holder = 1, #holders, 2 do
    if exclusive(grant) or exclusive(holders[holder]) then
      return holders[#holders] - now
    end
    least = math.min(least, limit(holders[holder]))
  end
  if count >= least then
    return holders[2] - now
  end
end

local lease = tonumber(ARGV[3])
if redis.call('EXISTS', KEYS[3 * names + 1]) == 1 then
  return redis.error_reply('GIVENUP this was given up before it arrived')
end

local answer = { '0' }
for name = 1, names do
  local free_in = taken(name)
  if free_in then
    -- A wake-up may have been spent on this attempt, and the names before this one are free.
    for free = 1, name - 1 do
      call(free)
    end
    return { tostring(name), text(free_in) }
  end
  -- The clock as the smallest token: a token lost in a restart is still smaller than later ones.
  local token = tonumber(redis.call('GET', KEYS[2 * names + name]) or 0)
  answer[name + 1] = text(math.max(token + 1, now))
end

for name = 1, names do
  redis.call('ZREMRANGEBYSCORE', KEYS[name], '-inf', text(now))
  hold(name, lease)
  redis.call('SET', KEYS[2 * names + name], answer[name + 1], 'PX', ARGV[4])
  if not exclusive(grant) then
    -- Other shared requests can be granted too.
    call(name)
  end
end
return answer
