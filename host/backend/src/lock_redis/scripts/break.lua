-- Takes the names from whoever holds them.
for name = 1, names do
  redis.call('DEL', KEYS[name])
  call(name)
end
return 'gone'
