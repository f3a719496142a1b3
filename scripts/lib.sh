# shellcheck shell=sh
# What the set-up scripts share. Sourced, never run; written for any POSIX shell,
# because it runs on machines that have nothing yet.

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck disable=SC2034  # for the scripts that source this file
STATE=$ROOT/.heartbed

# Exit code for "the machine is not ready", the same one that the program uses.
NOT_READY=4

# Else these scripts are part of an installed package.
in_clone() { [ -f "$ROOT/Makefile" ]; }

say() { printf 'heartbed: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# Ends a command that takes longer; not every system can.
within() { # SECONDS COMMAND...
    if have timeout; then timeout "$@"; else shift && "$@"; fi
}

# Podman behind Docker's API names itself among its components only.
is_podman() {
    within 10 docker version --format '{{range .Server.Components}}{{.Name}};{{end}}' 2>/dev/null | grep -q 'Podman Engine'
}

# Exactly three lines: what is missing, the command that gets it, what to do then.
missing() {
    say "$1"
    printf '  do this:   %s\n' "$2" >&2
    printf '  and then:  %s\n' "${3:-run the same command again}" >&2
    exit "$NOT_READY"
}

os_field() { # FIELD: a value from os-release, empty where there is none
    # shellcheck source=/dev/null
    (. "${HEARTBED_OS_RELEASE:-/etc/os-release}" 2>/dev/null && eval "printf %s \"\${$1:-}\"")
}

is_debian() { [ "$(os_field ID)" = debian ]; }
is_ubuntu() { [ "$(os_field ID)" = ubuntu ]; }

# Only root on Debian or Ubuntu, and nobody who said no, has things installed for them.
may_install() {
    [ "${HEARTBED_NO_INSTALL:-0}" != 1 ] && [ "$(id -u)" = 0 ] && have apt-get && { is_debian || is_ubuntu; }
}

apt_install() { # PACKAGE...
    say "installing from the distribution's packages: $*"
    apt_log=$(mktemp)
    # A fresh machine's package lists may be absent or out of date: refresh and try once more.
    if apt_get install "$@" >"$apt_log" 2>&1 ||
        { apt_get update && apt_get install "$@"; } >"$apt_log" 2>&1; then
        rm -f "$apt_log"
    else
        tail -n 15 "$apt_log" >&2
        rm -f "$apt_log"
        missing "apt-get could not install: $*" "apt-get update && apt-get install $*"
    fi
}

apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

# The bundle of certificate authorities that this machine trusts, its own ones included.
ca_bundle() {
    for bundle in "${HEARTBED_CA_BUNDLE:-}" "${SSL_CERT_FILE:-}" \
        /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
        if [ -n "$bundle" ] && [ -s "$bundle" ]; then
            printf '%s\n' "$bundle"
            return
        fi
    done
}
