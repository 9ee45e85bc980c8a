-- Releases a grant that may not exist yet: the mark makes an acquire that is still in flight fail.
-- ARGV[3]: the lifetime of the mark, in milliseconds.
give_up()
redis.call('SET', KEYS[3 * names + 1], '', 'PX', ARGV[3])
return 'gone'
