-- Begins all leases of the grant anew, if it is held. Says how it stood.
-- ARGV[3]: the lease in microseconds.
local found = standing()
if found == 'held' then
  for name = 1, names do
    hold(name, tonumber(ARGV[3]))
  end
end
return found
