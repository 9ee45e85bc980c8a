-- What each script begins with: three rows with gaps around them, a primary key, a unique key on one
-- column (`u`) and one on two (`v`, then `id`).

CREATE TABLE t (
  id INT NOT NULL PRIMARY KEY,
  n INT NOT NULL,
  u INT,
  v INT,
  UNIQUE (u),
  UNIQUE (v, id)
);

INSERT INTO t (id, n, u, v) VALUES (10, 0, 100, 1), (20, 0, 200, 1), (30, 0, 300, 2);
