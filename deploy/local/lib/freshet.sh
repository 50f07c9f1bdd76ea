# shellcheck shell=bash
# freshet itself, with the configuration of the work-orders example.

FRESHET=${CARGO_TARGET_DIR:-$REPO/target}/release/freshet
CONFIG=$REPO/deploy/examples/work-orders/freshet.yaml

# Runs beside the services' start. Cargo decides whether there is something to do.
build_freshet() {
    say 'building freshet'
    cd "$REPO" || return 1
    cargo build --release --locked --quiet </dev/null >"$STATE/build.log" 2>&1 9>&- &
    trap 'kill $!; exit 143' TERM
    wait $! || {
        tail -n 40 "$STATE/build.log" >&2
        fail 'cargo build failed'
    }
}

start_freshet() {
    local pid
    if pid=$(pid_of freshet); then
        # A running process whose file cargo has replaced is an old freshet.
        [[ $(readlink "/proc/$pid/exe") == *' (deleted)' ]] || return 0
        stop TERM freshet
    fi
    spawn freshet env "KAFKA_BROKERS=127.0.0.1:$(port_of kafka)" "REDIS_URL=redis://127.0.0.1:$(port_of redis)/0" \
        "FRESHET_HTTP_LISTEN=127.0.0.1:$(port_of freshet)" FRESHET_LOG_FORMAT=json "$FRESHET" --config "$CONFIG" run
    await freshet 60 curl -sSf "http://127.0.0.1:$(port_of freshet)/readyz"
}
