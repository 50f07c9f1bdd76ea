# shellcheck shell=bash
# Ports: the given one, or the one this state had before, or a free one.

in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Finds eight free ports. They lie below the range from which the kernel takes ports for outgoing connections.
# The lock on the block outlives this function and is inherited by the services: two stacks that start at
# the same moment cannot choose the same block.
free_block() {
    local folder=/tmp/freshet-ports.$UID block port
    mkdir -p "$folder"
    while :; do
        block=$((20000 + SRANDOM % 1500 * 8))
        exec {block_lock}>"$folder/$block"
        if flock -n "$block_lock"; then
            for ((port = block; port < block + 8; port++)); do
                in_use "$port" && continue 2
            done
            next_port=$block
            return
        fi
        exec {block_lock}>&-
    done
}

# A service that was just killed may hold its port for a moment.
await_free() {
    local _
    for _ in {1..20}; do
        in_use "$1" || return 0
        sleep 0.1
    done
    return 1
}

# choose_port NAME VARIABLE: records the port of a service that does not run yet.
choose_port() {
    local name=$1 given=${!2:-} file=$STATE/$1/port recorded=
    mkdir -p "$STATE/$name"
    [[ ! -e $file ]] || recorded=$(<"$file")
    if running "${name%-controller}"; then
        [[ -z $given || $given == "$recorded" ]] ||
            fail "$name already runs on port $recorded, not on $given: run deploy/local/down first"
        return
    fi
    if [[ -n $given ]]; then
        ! in_use "$given" || fail "port $given is in use: set $2 to a free port, or leave it unset"
        printf '%s\n' "$given" >"$file"
    elif [[ -z $recorded ]] || ! await_free "$recorded"; then
        [[ -n ${next_port:-} ]] || free_block
        printf '%s\n' "$next_port" >"$file"
        next_port=$((next_port + 1))
    fi
}

port_of() { printf '%s\n' "$(<"$STATE/$1/port")"; }

# The file that people source and tests parse.
write_addresses() {
    local name pid
    {
        for name in postgres kafka connect redis freshet; do
            pid=$(pid_of "$name") || continue
            case $name in
            kafka) echo "KAFKA_BROKERS=127.0.0.1:$(port_of kafka)" ;;
            redis) echo "REDIS_URL=redis://127.0.0.1:$(port_of redis)/0" ;;
            postgres) echo "DATABASE_URL=postgres://postgres@127.0.0.1:$(port_of postgres)/app" ;;
            connect) echo "CONNECT_URL=http://127.0.0.1:$(port_of connect)" ;;
            freshet) echo "FRESHET_HTTP=http://127.0.0.1:$(port_of freshet)" ;;
            esac
            echo "${name^^}_PID=$pid"
        done
    } >"$STATE/addresses.env.new"
    mv "$STATE/addresses.env.new" "$STATE/addresses.env"
}
