-- Returns the last fencing token of the name, and its grants whose leases are not over.
local holders = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. text(now), '+inf')
table.insert(holders, 1, redis.call('GET', KEYS[2 * names + 1]) or '')
return holders
