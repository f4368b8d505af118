#!/usr/bin/env bash
# Makes a bare Debian or Ubuntu machine ready to run Agora, and says what it does.
#
#   infra/local/bootstrap.sh                what `make up` needs
#   infra/local/bootstrap.sh --with-tests   and what `make test` needs on top (Chromium)
#
# Each step leaves a stamp with the hash of what it was made from, so a second run only compares.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
STATE="$ROOT/.agora"
VENV="$ROOT/.venv"
WEB="$ROOT/gateway/web"
WITH_TESTS=no

say() { printf '==> %s\n' "$*" >&2; }

stop() {
    printf 'bootstrap: %s\n' "$1" >&2
    printf 'Try: %s\n' "$2" >&2
    exit 2
}

has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

hash_of() { cat "$@" | sha256sum | cut -d' ' -f1; }

stamped() { [ -f "$1" ] && [ "$(<"$1")" = "$2" ]; }

# Two runs at once would write the same folders: the second one waits for the first.
take_turn() {
    mkdir -p "$STATE"
    exec 9>"$STATE/bootstrap.lock"
    if ! flock --nonblock 9; then
        say "another bootstrap is running; waiting for it"
        flock 9
    fi
}

# The first interpreter that is new enough; PYTHON=... overrides.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
        if has "$candidate" && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$candidate"
            return
        fi
    done
}

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }

has_postgres_extensions() {
    compgen -G '/usr/share/postgresql/*/extension/pg_trgm.control' >/dev/null &&
        compgen -G '/usr/share/postgresql/*/extension/unaccent.control' >/dev/null
}

has_chromium() { has chromium || has chromium-browser || has google-chrome; }

missing_packages() {
    local python
    python="$(find_python)"
    [ -n "$python" ] || echo python3
    [ -n "$python" ] && "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    has_postgres || echo postgresql
    has_postgres_extensions || echo postgresql-contrib
    has redis-server || echo redis-server
    has java || echo openjdk-17-jre-headless
    has mvn || echo maven
    if [ -f "$WEB/package.json" ]; then
        has node || echo nodejs
        has npm || echo npm
    fi
    if [ "$WITH_TESTS" = yes ] && [ -d "$ROOT/tests/browser" ]; then
        has_chromium || echo chromium
    fi
}

# Packages chatter while they are set up; the log has it all, and a failure points there.
apt() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y --no-install-recommends "$@" >>"$STATE/bootstrap.log" 2>&1 ||
        stop "apt-get $1 failed" "less $STATE/bootstrap.log, then run this again"
}

# Debian starts a server when its package is installed, and again at each boot. Agora runs its own
# copies under .agora/, so nothing of the kind is wanted: no start now, no default cluster, no unit.
install_packages() {
    local policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/agora.conf
    local had_policy=no had_redis=no
    has apt-get || stop "this machine has no apt-get" "install by hand: $*"
    [ "$(id -u)" -eq 0 ] || has sudo || stop "system packages are missing, and there is no sudo" \
        "as root: apt-get install $*"
    say "installing system packages: $*"
    [ -e "$policy" ] && had_policy=yes
    has redis-server && had_redis=yes
    apt update
    if [ "$had_policy" = no ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    if ! has_postgres; then
        apt install postgresql-common
        as_root mkdir -p "$(dirname "$cluster")"
        echo 'create_main_cluster = false' | as_root tee "$cluster" >/dev/null
    fi
    apt install "$@"
    if [ "$had_redis" = no ] && has redis-server; then
        as_root rm -f /etc/systemd/system/{multi-user.target.wants/redis-server,redis}.service
    fi
    as_root rm -f "$cluster"
    if [ "$had_policy" = no ]; then
        as_root rm -f "$policy"
        trap - EXIT
    fi
}

system_packages() {
    local missing
    missing="$(missing_packages)"
    # Names of packages hold no spaces: splitting is what is wanted.
    # shellcheck disable=SC2086
    [ -z "$missing" ] || install_packages $missing
    [ -n "$(find_python)" ] || stop "Python 3.11 or newer is needed" "PYTHON=/path/to/python3.11 make up"
}

# The lock names every package with its hashes; Agora itself is then linked in, editable.
virtual_environment() {
    local python want stamp="$VENV/.made-from"
    want="$ROOT $(hash_of "$ROOT/requirements-dev.lock")"
    stamped "$stamp" "$want" && [ -x "$VENV/bin/agora" ] && return
    python="$(find_python)"
    say "making .venv from requirements-dev.lock ($("$python" --version))"
    rm -f "$stamp"
    "$VENV/bin/python" -c 'import pip' 2>/dev/null || "$python" -m venv --clear "$VENV"
    export PIP_DISABLE_PIP_VERSION_CHECK=1
    "$VENV/bin/python" -m pip install -q --no-deps --require-hashes -r "$ROOT/requirements-dev.lock"
    "$VENV/bin/python" -m pip install -q --no-deps --no-build-isolation -e "$ROOT"
    echo "$want" >"$stamp"
}

needs_java() {
    local major
    has java || stop "Java is missing: Kafka runs on it" "apt-get install openjdk-17-jre-headless"
    has mvn || stop "Maven is missing: it brings Kafka's jars" "apt-get install maven"
    major="$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')"
    [ "${major:-0}" -ge 17 ] || stop "Java 17 is needed, found ${major:-none}" \
        "apt-get install openjdk-17-jre-headless, and put it first on PATH"
}

kafka_jars() {
    local pom="$ROOT/infra/local/kafka/pom.xml" kafka="$STATE/kafka" want
    want="$(hash_of "$pom")"
    stamped "$kafka/.made-from" "$want" && return
    needs_java
    say "fetching Kafka's jars with Maven"
    mkdir -p "$kafka"
    rm -rf "$kafka/libs.new"
    mvn -q -B -f "$pom" dependency:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$kafka/libs.new" >>"$STATE/bootstrap.log" 2>&1 ||
        stop "Maven could not fetch Kafka" "less $STATE/bootstrap.log, then run this again"
    rm -rf "$kafka/libs"
    mv "$kafka/libs.new" "$kafka/libs"
    echo "$want" >"$kafka/.made-from"
}

needs_node() {
    local major
    { has node && has npm; } || stop "Node.js is missing: it builds the page" \
        "install Node.js 18 or newer, with npm"
    major="$(node -p 'process.versions.node.split(".")[0]')"
    [ "$major" -ge 18 ] || stop "Node.js 18 is needed to build the page, found $major" \
        "install Node.js 18 or newer, and put it first on PATH"
}

web_sources() {
    find "$WEB" \( -name node_modules -o -name dist \) -prune -o -type f -print0 | sort -z
}

web_build() {
    local packages sources
    [ -f "$WEB/package.json" ] || return 0
    sources="$(web_sources | xargs -0 cat | sha256sum | cut -d' ' -f1)"
    stamped "$WEB/dist/.made-from" "$sources" && return
    needs_node
    packages="$(hash_of "$WEB/package-lock.json")"
    if ! stamped "$WEB/node_modules/.made-from" "$packages"; then
        say "installing the page's packages"
        (cd "$WEB" && npm ci --no-audit --no-fund --loglevel=error >&2)
        mkdir -p "$WEB/node_modules"
        echo "$packages" >"$WEB/node_modules/.made-from"
    fi
    say "building the page"
    (cd "$WEB" && npm run --silent build >&2)
    echo "$sources" >"$WEB/dist/.made-from"
}

for argument in "$@"; do
    case "$argument" in
    --with-tests) WITH_TESTS=yes ;;
    *) stop "unknown argument $argument" "infra/local/bootstrap.sh [--with-tests]" ;;
    esac
done
take_turn
system_packages
virtual_environment
kafka_jars
web_build
