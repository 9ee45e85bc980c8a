-- Takes the names from their holders.
for name = 1, names do
  redis.call('DEL', KEYS[name])
  call(name)
end
return 'gone'
