# shellcheck shell=bash
# What the machine must have: Debian's packages, the jars from Maven, and the freshet binary.

JARS=${FRESHET_JARS:-$REPO/deploy/local/.state/jars}

have() { command -v "$1" >/dev/null; }

# The versioned folder of Debian's PostgreSQL: another `postgres` may come first in PATH.
postgres_bin() { printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1; }

# install_packages SERVICE...: calls apt only when something is missing.
install_packages() {
    local wanted=" $* " missing=()
    have curl || missing+=(curl)
    have jq || missing+=(jq)
    if [[ $wanted == *" kafka "* || $wanted == *" connect "* ]]; then
        have java || missing+=(default-jre-headless)
        have mvn || jars_fetched || missing+=(maven)
    fi
    [[ $wanted != *" postgres "* || -x $(postgres_bin)/initdb ]] || missing+=(postgresql)
    [[ $wanted != *" redis "* ]] || have redis-server || missing+=(redis-server)
    if [[ $wanted == *" freshet "* ]]; then
        have cargo || fail 'cargo is missing: install Rust from https://rustup.rs, then run this again (or use --no-freshet)'
        have cc && have make || missing+=(build-essential)
        have perl || missing+=(perl)
        have pkg-config || missing+=(pkg-config)
        [[ -e /usr/include/openssl/ssl.h ]] || missing+=(libssl-dev)
        [[ -e /usr/include/zlib.h ]] || missing+=(zlib1g-dev)
    fi
    ((${#missing[@]})) || return 0
    ((EUID == 0)) || fail "packages are missing; as root run: apt-get install ${missing[*]}"
    say "installing ${missing[*]}"
    apt_install "${missing[@]}"
}

# Debian starts a service as soon as it is installed. The stack runs its own, so apt is told to start none.
apt_install() (
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    {
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$@"
    } >"$STATE/apt.log" 2>&1 || {
        tail -n 20 "$STATE/apt.log" >&2
        fail "apt-get failed; all of it is in $STATE/apt.log"
    }
)

# One folder a pom.xml, named after its content: a new version is a new folder, and a running stack keeps its own.
# The jars lie in libs/ below it, as plugin.path wants.
jar_folder() {
    printf '%s/%s-%s\n' "$JARS" "$1" "$(sha256sum "$REPO/deploy/local/maven/$1/pom.xml" | cut -c 1-12)"
}

jars_fetched() { [[ -d $(jar_folder kafka) && -d $(jar_folder debezium-postgres) ]]; }

# fetch_jars NAME: all or nothing, also when two stacks start at once on an empty cache.
fetch_jars() (
    folder=$(jar_folder "$1")
    [[ ! -d $folder ]] || exit 0
    mkdir -p "$JARS"
    exec 8>"$JARS/lock"
    flock 8
    [[ ! -d $folder ]] || exit 0
    say "fetching the jars of $1"
    rm -rf "$folder.partial"
    mvn -q -B -f "$REPO/deploy/local/maven/$1/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$folder.partial/libs" >"$JARS/$1.log" 2>&1 </dev/null 8>&- 9>&- || {
        tail -n 20 "$JARS/$1.log" >&2
        fail "maven failed; all of it is in $JARS/$1.log"
    }
    mv -T "$folder.partial" "$folder"
)
