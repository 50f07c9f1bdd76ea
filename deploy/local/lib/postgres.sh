# shellcheck shell=bash
# A private PostgreSQL cluster with the work-order tables.

psql_app() { "$(postgres_bin)/psql" -X -q -h 127.0.0.1 -p "$(port_of postgres)" -U postgres -v ON_ERROR_STOP=1 "$@"; }

# PostgreSQL refuses to run as root, and its user may not reach a state folder under /root or a private /tmp.
# What is open stays within reach whatever lies above it, so PostgreSQL gets its data folder as /proc/self/fd/7.
as_postgres=()
((EUID != 0)) || as_postgres=(setpriv --reuid postgres --regid postgres --init-groups)

start_postgres() {
    if ! running postgres; then
        make_cluster
        # Who wants to know how often it is asked creates the extension, which comes with the server's package.
        # The working folder must be within reach too. Durability costs time, and this data can be made anew.
        cd /
        spawn postgres "${as_postgres[@]}" "$(postgres_bin)/postgres" -D /proc/self/fd/7 \
            -c listen_addresses=127.0.0.1 -c port="$(port_of postgres)" -c unix_socket_directories= \
            -c shared_preload_libraries=pg_stat_statements \
            -c wal_level=logical -c track_commit_timestamp=on -c fsync=off -c full_page_writes=off \
            -c shared_buffers=32MB -c max_connections=50 -c timezone=UTC -c log_timezone=UTC \
            7<"$STATE/postgres/data"
        await postgres 30 psql_app -d postgres -c 'select 1'
    fi
    load_tables
}

make_cluster() {
    local data=$STATE/postgres/data
    [[ ! -e $data/PG_VERSION ]] || return 0
    rm -rf "$data"
    mkdir -m 700 "$data"
    ((EUID != 0)) || chown postgres: "$data"
    (
        cd /
        "${as_postgres[@]}" "$(postgres_bin)/initdb" -D /proc/self/fd/7 --username postgres --auth trust \
            --encoding UTF8 --locale C.UTF-8 --no-sync --no-instructions
    ) >"$STATE/postgres/initdb.log" 2>&1 </dev/null 7<"$data" || {
        tail -n 20 "$STATE/postgres/initdb.log" >&2
        rm -rf "$data"
        return 1
    }
}

# One transaction: a start that was interrupted leaves no half of the tables.
load_tables() {
    local example=$REPO/deploy/examples/work-orders
    [[ $(psql_app -d postgres -At -c "select 1 from pg_database where datname = 'app'") == 1 ]] ||
        psql_app -d postgres -c 'create database app'
    [[ -n $(psql_app -d app -At -c "select to_regclass('public.workorder_workordertask')") ]] ||
        psql_app -d app -1 -f "$example/schema.sql" -f "$example/seed.sql"
}
