# shellcheck shell=bash
# What a person sees: a task moves to another department, and a work order becomes urgent, by plain SQL; which cached keys
# that writes anew or deletes, and why.

DEMO_TASK=7 DEMO_HOME=3 DEMO_AWAY=4 DEMO_ORDER=5

# The names that Django writes for every department and operator, some families' names, and one that is nobody's.
demo_keys() {
    psql_app -d app -At <<'SQL'
select ':1:task_stats:' || id from workorder_department order by id;
select ':1:dept_workload:' || id from workorder_department order by id;
select ':1:operator_stats:' || id from auth_user order by id;
SQL
    printf '%s\n' :1:collab_stats:4501c091 :1:collab_stats:60deb508 :1:dashboard:overview :1:session:b7e1
}

# As readers do: what is there stays.
fill_cache() { awk '{ print "set", $1, "cached ex 300 nx" }' <<<"$keys" | redis_cli >/dev/null; }

# Prints for each of the demo's keys whether Redis holds it, the fence of the value that freshet has written there, and the key.
look_at_cache() {
    paste -d ' ' <(awk '{ print "exists", $1 }' <<<"$keys" | redis_cli) \
        <(awk '{ print "get freshet:fence:{" $1 "}" }' <<<"$keys" | redis_cli | tr ' ' ,) <(printf '%s\n' "$keys")
}

# Prints what became of the keys that are no longer as they were seen.
changed_keys() {
    comm -13 <(sort <<<"$seen") <(look_at_cache | sort) |
        awk '{ print ($1 ? "written" : "deleted"), $NF }' | sort --key 1,1r --key 2,2V
}

# Values are written once freshet has deleted what was there at its first start.
await_values() {
    local now before='' quiet=0 deadline=$((SECONDS + 30))
    while ((quiet < 10)); do
        ((SECONDS < deadline)) || fail "no values were written within 30 s; see $STATE/freshet/log"
        sleep 0.05
        now=$(look_at_cache)
        if [[ $now == "$before" && $now == *,* ]]; then quiet=$((quiet + 1)); else quiet=0; fi
        before=$now
    done
}

move_statement() { echo "UPDATE workorder_workordertask SET assigned_department_id = $1 WHERE id = $DEMO_TASK;"; }

urgency_statement() { echo "UPDATE workorder_workorder SET priority = '$1' WHERE id = $DEMO_ORDER;"; }

priority() { psql_app -d app -At -c "select priority from workorder_workorder where id = $DEMO_ORDER"; }

task_department() { psql_app -d app -At -c "select assigned_department_id from workorder_workordertask where id = $DEMO_TASK"; }

department() { psql_app -d app -At -c "select name from workorder_department where id = $1"; }

# Until the first key has changed and for half a second no other has followed.
await_changes() {
    local now before='' quiet=0 deadline=$((SECONDS + 30))
    while ((quiet < 10)); do
        ((SECONDS < deadline)) || fail "no key changed within 30 s; see $STATE/freshet/log"
        sleep 0.05
        now=$(changed_keys)
        if [[ $now && $now == "$before" ]]; then quiet=$((quiet + 1)); else quiet=0; fi
        before=$now
    done
}

# Reads the topics as freshet does, in a group of its own, and says what it would delete and why.
start_dry_run() {
    env "KAFKA_BROKERS=127.0.0.1:$(port_of kafka)" "REDIS_URL=redis://127.0.0.1:$(port_of redis)/0" \
        FRESHET_HTTP_LISTEN=127.0.0.1:0 \
        "$FRESHET" --config "$CONFIG" run --dry-run --log-format json >"$folder/dry-run.log" 2>&1 </dev/null &
    watchers+=($!)
    await_line "$folder/dry-run.log" '"message":"rows are loaded"' "$!"
}

# Redis prints each command it runs, with its own clock's microseconds.
start_monitor() {
    redis_cli monitor >"$folder/monitor.log" 2>&1 </dev/null &
    watchers+=($!)
    await_line "$folder/monitor.log" '^OK' "$!"
}

await_line() {
    local deadline=$((SECONDS + 60))
    until grep -q "$2" "$1" 2>/dev/null; do
        if ((SECONDS >= deadline)) || ! kill -0 "$3" 2>/dev/null; then
            tail -n 20 "$1" >&2
            fail "$1 has no line with $2"
        fi
        sleep 0.05
    done
}

# Milliseconds from the commit to the command that deleted a key, or wrote it.
changed_after() {
    awk -v key="\"$1\"" -v commit="$commit_us" '
        (toupper($4) == "\"UNLINK\"" || $3 == "lua]" && $4 == "\"SET\"") && index($0, key) {
            split($1, t, ".")
            after = (t[1] - substr(commit, 1, 10)) * 1000 + (t[2] - substr(commit, 11)) / 1000
            # An earlier statement may have deleted it too.
            if (after < 0) next
            printf "%.1f", after
            exit
        }' "$folder/monitor.log"
}

# What the dry run said of a key, by its name or by its family, for this commit alone. A reason reads "the rows that
# name the key; the change": part 0 or 1 of it, each once.
reasons() {
    jq -rRn --arg key "$1" --argjson part "$2" --argjson commit "$commit_us" '
        def matches: . as $pattern | $key | test("^" + ($pattern | gsub("[*]|[{][^}]*[}]"; ".+")) + "$");
        [inputs | fromjson? | select((.message == "would delete" or .message == "would write") and .committed_at_us == $commit)
            | select(.key == $key or (.family // "" | . != "" and matches)) | .why | split("; ")[$part]]
        | reduce .[] as $reason ([]; if index($reason) then . else . + [$reason] end) | join(" and ")
    ' "$folder/dry-run.log"
}

# The dry run is a process of its own and may be later than freshet.
await_reasons() {
    local key deadline=$((SECONDS + 10))
    while read -r _ key; do
        until [[ $(reasons "$key" 0) ]]; do
            ((SECONDS < deadline)) || fail "freshet changed $key, its dry run did not: see $folder/dry-run.log"
            sleep 0.05
        done
    done <<<"$changed"
}

# When the row was last written, in microseconds since the Unix epoch.
committed_us() {
    psql_app -d app -At -c "select (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000000)::bigint from $1 where id = $2"
}

# Runs a statement that takes back what an earlier one did, and waits for what comes of it.
undo() {
    seen=$(look_at_cache)
    psql_app -d app -c "$1"
    await_changes
    fill_cache
}

# Runs a statement on a row, and shows what comes of it.
show_statement() { # title, statement, table, id
    local what key
    fill_cache
    seen=$(look_at_cache)
    psql_app -d app -c "$2"
    commit_us=$(committed_us "$3" "$4")
    await_changes
    changed=$(changed_keys)
    await_reasons
    printf '%s, by plain SQL:\n\n    %s\n\n' "$1" "$2"
    printf 'Read from Kafka:\n\n    %s\n\n' "$(sed -n '1s/.* //p' <<<"$changed" | { read -r key && reasons "$key" 1; })"
    printf 'In Redis, how long after the commit, and why:\n\n'
    while read -r what key; do
        printf '    %s  %-24s %7s ms  %s\n' "$what" "$key" "$(changed_after "$key")" "$(reasons "$key" 0)"
    done <<<"$changed"
    printf '\nKept:\n\n'
    grep -vxF "$(cut --delimiter " " --fields 2 <<<"$changed")" <<<"$keys" | awk -F: '
        { name = $1 ":" $2 ":" $3; if (name != last) printf "%s    %s:", (NR > 1 ? "\n" : ""), name; last = name }
        { printf " %s", $4 }
        END { print "\n" }'
}

run_demo() (
    folder=$STATE/demo watchers=()
    rm -rf "$folder"
    mkdir -p "$folder"
    trap '((${#watchers[@]} == 0)) || kill "${watchers[@]}" 2>/dev/null || true' EXIT
    keys=$(demo_keys)
    await_values
    fill_cache
    # What an earlier demonstration left is taken back first.
    [[ $(task_department) == "$DEMO_HOME" ]] || undo "$(move_statement "$DEMO_HOME")"
    [[ $(priority) == normal ]] || undo "$(urgency_statement normal)"
    start_dry_run
    start_monitor
    show_statement "Task $DEMO_TASK moves from $(department "$DEMO_HOME") to $(department "$DEMO_AWAY")" \
        "$(move_statement "$DEMO_AWAY")" workorder_workordertask "$DEMO_TASK"
    show_statement "Work order $DEMO_ORDER becomes urgent" "$(urgency_statement urgent)" workorder_workorder "$DEMO_ORDER"
)
