# shellcheck shell=bash
# Processes of the stack: each runs in a session of its own, with a log and a record of its pid under $STATE/<name>/.

say() { printf '%s\n' "$*" >&2; }
seconds_since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'; }
fail() { say "error: $*"; exit 1; }

# Field 22 of /proc/<pid>/stat. With the pid it names a process for good: a pid alone may be another's by now.
start_time() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    # The command's name, in brackets, may hold blanks, so the fields are counted behind it.
    read -r -a stat <<<"${stat##*) }"
    [[ ${stat[0]} != Z ]] || return 1
    printf '%s\n' "${stat[19]}"
}

# Prints the pid of a service that runs, and fails if it does not.
pid_of() {
    local pid since
    read -r pid since 2>/dev/null <"$STATE/$1/pid" || return 1
    [[ $(start_time "$pid") == "$since" ]] || return 1
    printf '%s\n' "$pid"
}

running() { pid_of "$1" >/dev/null; }

# spawn NAME COMMAND...: fd 9 is the lock on the state folder, which a service must not hold on to.
spawn() {
    local name=$1 pid
    shift
    mkdir -p "$STATE/$name"
    printf '%s\n' "$name" >>"$STARTED"
    setsid "$@" </dev/null >"$STATE/$name/log" 2>&1 9>&- &
    pid=$!
    printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$STATE/$name/pid"
}

# await NAME SECONDS COMMAND...: until the command succeeds. A service that ends, or takes too long, shows its log.
await() {
    local name=$1 deadline=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        [[ ! -e $STOPPING ]] || return 1
        if ! running "$name"; then
            say "error: $name has ended; the last lines of $STATE/$name/log:"
        elif ((SECONDS >= deadline)); then
            say "error: $name does not answer ($*); the last lines of $STATE/$name/log:"
        else
            sleep 0.1
            continue
        fi
        tail -n 20 "$STATE/$name/log" >&2
        return 1
    done
}

# stop SIGNAL NAME: asks, waits, and only then kills.
stop() {
    local signal=$1 name=$2 pid deadline=$((SECONDS + 15))
    if pid=$(pid_of "$name"); then
        kill -s "$signal" "$pid" 2>/dev/null || true
        while running "$name"; do
            if ((SECONDS >= deadline)); then
                say "$name did not stop in time: killed"
                kill -s KILL "$pid" 2>/dev/null || true
                deadline=$((SECONDS + 15))
            fi
            sleep 0.05
        done
    fi
    rm -f "$STATE/$name/pid"
}

# take_down NAME...: readers before what they read, so that nobody waits for a peer that has gone.
take_down() {
    local wanted=" $* " name
    rm -f "$STATE/addresses.env"
    for name in freshet connect; do
        [[ $wanted != *" $name "* ]] || stop TERM "$name"
    done
    # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
    local stops=()
    [[ $wanted != *" postgres "* ]] || { stop INT postgres & stops+=($!); }
    [[ $wanted != *" kafka "* ]] || { stop TERM kafka & stops+=($!); }
    [[ $wanted != *" redis "* ]] || { stop TERM redis & stops+=($!); }
    ((${#stops[@]} == 0)) || wait "${stops[@]}"
}
