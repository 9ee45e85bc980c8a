-- Gives up a grant that may not have been made yet: the mark keeps an acquire that is still on its
-- way from making it.
-- ARGV[3]: how long the mark is kept, in milliseconds.
give_up()
redis.call('SET', KEYS[3 * names + 1], '', 'PX', ARGV[3])
return 'gone'
