# shellcheck shell=bash
# A Redis without persistence: it is a cache.

redis_cli() { redis-cli -h 127.0.0.1 -p "$(port_of redis)" "$@"; }

start_redis() {
    running redis && return
    spawn redis redis-server --bind 127.0.0.1 --port "$(port_of redis)" --dir "$STATE/redis" --save '' --appendonly no
    await redis 20 redis_answers
}

redis_answers() { [[ $(redis_cli ping) == PONG ]]; }
