#!/bin/sh
# All strategies × three isolation levels × direct and pooled: calm, and with a promotion in mid-run of an
# asynchronous and of a synchronous PostgreSQL lab. Run it at the top of the repository, as
#
#   results/postgres/run.sh OUT
#
# with `runner` in the path. The labs live in a folder of their own and are gone at the end; OUT keeps the
# folders of all runs. Interrupted, the same command goes on where it was. tables.py makes the tables.
set -eu
out=$1
here=results/postgres
labs=$(mktemp -d)
chmod 755 "$labs"
end() {
    for scenario in calm asynchronous synchronous; do
        runner lab down --wipe --dir "$labs/$scenario" || true
    done
    rmdir "$labs"
}
trap end EXIT
trap 'exit 2' INT TERM

# Everything on one lab: batches SCENARIO WORKLOAD...
batches() {
    scenario=$1
    shift
    for isolation in read-committed repeatable-read serializable; do
        for way in direct pooled; do
            folder=$out/$scenario/$way-$isolation
            endpoint=
            [ $way = direct ] || endpoint="--endpoint $way"
            # Exit code 1 is a violation, and the point; 3 is a verdict that is unknown.
            runner batch --lab="$labs/$scenario" $endpoint --isolation $isolation --strategy all \
                --workload "$@" --lock redis --seed 1 --stuck-after-s 3 --time-limit-s 10 \
                --change-timeout-s 10 --quiet --out "$folder" || [ $? -ne 2 ]
            echo "$(date +%T) $folder"
        done
    done
}

mkdir -p "$out"
# Each scenario has a lab of its own, so all go on at once: most of the time is waiting. Without fsync, since a
# killed server loses nothing that the operating system has, and a disk is shared by nine nodes.
runner lab up --kind postgres --set fsync=off --port 27000 --dir "$labs/calm"
runner lab up --kind postgres --set fsync=off --port 27100 --dir "$labs/asynchronous"
runner lab up --kind postgres --set fsync=off --port 27200 --synchronous --dir "$labs/synchronous"
batches calm $here/states.toml $here/addresses.toml &
for scenario in asynchronous synchronous; do
    batches $scenario $here/states-promoted.toml $here/addresses-promoted.toml &
done
wait
