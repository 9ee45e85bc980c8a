;; A strategy that does what the first letter of the row says: `c` computes a little, `e` without end,
;; `s` sleeps, `r` recurses without end, `o` writes just beyond its memory of 128 KiB, `n` where its
;; neighbour's begins if each has 1 MiB, `g` grows by a page, `b` by more than anybody has, `t` its
;; table likewise. `d` traps if anything was left in its memory, and leaves something there.
(component
  (import "contend:strategy/timing@0.2.0" (instance $timing
    (export "sleep" (func (param "duration" u64)))))
  (core func $sleep (canon lower (func $timing "sleep")))
  (core module $guest
    (import "timing" "sleep" (func $sleep (param i64)))
    (memory (export "memory") 2)
    (table $table 1 funcref)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      global.get $free
      (global.set $free (i32.add (global.get $free) (local.get 3))))
    (func $recurse (param i32) (result i32)
      (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
    (func $compute (param $steps i32)
      (loop
        (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
        (br_if 0 (local.get $steps))))
    (func (export "change") (param $row i32) (param i32 i32 i32 i32 i32 i32 i32) (result i32)
      (local $what i32)
      (local.set $what (i32.load8_u (local.get $row)))
      (if (i32.eq (local.get $what) (i32.const 99)) (then
        (call $compute (i32.const 10000)) (call $sleep (i64.const 1))
        (call $compute (i32.const 10000))))
      (if (i32.eq (local.get $what) (i32.const 101)) (then (loop (br 0))))
      (if (i32.eq (local.get $what) (i32.const 115)) (then (call $sleep (i64.const 1))))
      (if (i32.eq (local.get $what) (i32.const 114)) (then (drop (call $recurse (i32.const 0)))))
      (if (i32.eq (local.get $what) (i32.const 111)) (then
        (i32.store (i32.const 131072) (i32.const 1))))
      (if (i32.eq (local.get $what) (i32.const 110)) (then
        (i32.store (i32.const 1048576) (i32.const 1))))
      (if (i32.eq (local.get $what) (i32.const 103)) (then
        (if (i32.ne (memory.grow (i32.const 1)) (i32.const 2)) (then unreachable))
        (if (i32.load (i32.const 196604)) (then unreachable))
        (i32.store (i32.const 196604) (i32.const 1))))
      (if (i32.eq (local.get $what) (i32.const 116)) (then
        (if (i32.ne (table.grow $table (ref.null func) (i32.const 20000)) (i32.const -1))
          (then unreachable))
        (if (i32.ne (table.grow $table (ref.null func) (i32.const 1000)) (i32.const 1))
          (then unreachable))))
      (if (i32.eq (local.get $what) (i32.const 98)) (then (drop (memory.grow (i32.const 60000)))))
      (if (i32.eq (local.get $what) (i32.const 100)) (then
        (if (i32.load (i32.const 65536)) (then unreachable))
        (i32.store (i32.const 65536) (i32.const 1))))
      (i32.const 0)))
  (core instance $guest (instantiate $guest
    (with "timing" (instance (export "sleep" (func $sleep))))))
  (alias core export $guest "memory" (core memory $memory))
  (alias core export $guest "realloc" (core func $realloc))
  (alias core export $guest "change" (core func $core-change))
  (type $row (record (field "table" (option string)) (field "key" (option string))
    (field "value" (option string))))
  (type $detail (record (field "code" string) (field "message" string)
    (field "rows" (list $row))))
  (type $error (variant (case "conflict" $detail) (case "unavailable" $detail)
    (case "rejected" $detail) (case "indefinite" $detail)))
  (type $transition (record (field "row" string) (field "from" string) (field "to" string)
    (field "marker" string)))
  (func $change (param "transition" $transition) (result (result (error $error)))
    (canon lift (core func $core-change) (memory $memory) (realloc $realloc)))
  (component $exported
    (type $row (record (field "table" (option string)) (field "key" (option string))
      (field "value" (option string))))
    (import "row-type" (type $named-row (eq $row)))
    (type $detail (record (field "code" string) (field "message" string)
      (field "rows" (list $named-row))))
    (import "detail-type" (type $named-detail (eq $detail)))
    (type $error (variant (case "conflict" $named-detail) (case "unavailable" $named-detail)
      (case "rejected" $named-detail) (case "indefinite" $named-detail)))
    (import "error-type" (type $named-error (eq $error)))
    (type $transition (record (field "row" string) (field "from" string) (field "to" string)
      (field "marker" string)))
    (import "transition-type" (type $named-transition (eq $transition)))
    (import "change-function" (func $change
      (param "transition" $named-transition) (result (result (error $named-error)))))
    (export $exported-row "row-reference" (type $row))
    (type $detail-of-exported (record (field "code" string) (field "message" string)
      (field "rows" (list $exported-row))))
    (export $exported-detail "detail" (type $detail-of-exported))
    (type $error-of-exported (variant (case "conflict" $exported-detail)
      (case "unavailable" $exported-detail) (case "rejected" $exported-detail)
      (case "indefinite" $exported-detail)))
    (export $exported-error "error" (type $error-of-exported))
    (export $exported-transition "transition" (type $transition))
    (export "change" (func $change)
      (func (param "transition" $exported-transition)
        (result (result (error $exported-error))))))
  (instance $exports (instantiate $exported
    (with "row-type" (type $row))
    (with "detail-type" (type $detail))
    (with "error-type" (type $error))
    (with "transition-type" (type $transition))
    (with "change-function" (func $change))))
  (export "contend:strategy/state-change@0.2.0" (instance $exports)))
