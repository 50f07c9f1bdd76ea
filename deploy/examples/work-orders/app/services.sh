# shellcheck shell=bash
# What the example's tests and its benchmark run on: virtual environments, and services that end with the script.

readonly REPO=$PWD/../../../..
export FRESHET_DJANGO=${FRESHET_DJANGO:-$REPO/deploy/django}

# shellcheck source=../../../local/lib/python.sh
source "$REPO/deploy/local/lib/python.sh"

# environment NAME PYTHON DJANGO: made once, in .venv/.
environment() {
    python_environment ".venv/$1" "$2" "$3" --requirement requirements.txt --editable "$FRESHET_DJANGO"
}

# start_services NAMES: in a fresh folder. They stay while the pipe is open, and go with this script however that ends.
start_services() {
    local ready
    folder=$(mktemp -d)
    coproc stack { exec "$REPO/deploy/local/up" --hold --no-demo --services "$1" --state "$folder/stack"; }
    # shellcheck disable=SC2154 # coproc sets stack_PID
    trap 'kill "$stack_PID"; wait "$stack_PID" || true; rm -rf "$folder"' EXIT
    read -r ready <&"${stack[0]}"
    [[ $ready == ready\ * ]]
    set -a
    # shellcheck source=/dev/null
    source "${ready#ready }"
    set +a
}
