-- What the strategy `cas` sends, by sysbench: one prepared autocommit UPDATE at a time, each thread
-- on a row of its own, there and back.

function thread_init()
   connection = sysbench.sql.driver():connect()
   statement = connection:prepare(
      "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?")
   values = {}
   for i = 1, 4 do
      values[i] = statement:bind_create(sysbench.sql.type.VARCHAR, 255)
   end
   statement:bind_param(values[1], values[2], values[3], values[4])
   values[3]:set("volume-" .. sysbench.tid)
   from, to, number = "available", "deleting", 0
end

function event()
   values[1]:set(to)
   values[2]:set(sysbench.tid .. "_" .. number)
   values[4]:set(from)
   statement:execute()
   from, to, number = to, from, number + 1
end

function thread_done()
   statement:close()
   connection:disconnect()
end

-- The table of the runner's own schema, with a row for each thread.
function prepare()
   local connection = sysbench.sql.driver():connect()
   connection:query([[CREATE TABLE volumes (
      id varchar(36) NOT NULL PRIMARY KEY,
      status varchar(255), attach_status varchar(255), migration_status varchar(255)
   ) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin]])
   for row = 0, sysbench.opt.threads - 1 do
      connection:query("INSERT INTO volumes (id, status) VALUES ('volume-" .. row .. "', 'available')")
   end
end

function cleanup()
   sysbench.sql.driver():connect():query("DROP TABLE IF EXISTS volumes")
end
