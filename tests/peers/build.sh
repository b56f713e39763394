#!/usr/bin/env bash
# Installs what the peers need and is not there, and builds them into target/peers: the C# programs, and a Python with
# pynettcp, which lives in a user cache. Prints nothing but errors. The packages are Debian's; elsewhere install the tools
# (README.md names them) and run it again.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=target/peers
mkdir -p "$out"

missing=()
command -v mcs >/dev/null || missing+=(mono-mcs)
command -v mono >/dev/null || missing+=(mono-runtime)
ls "$(dirname "$(readlink -f "$(command -v mono || echo /usr/bin/mono)")")"/../lib/mono/4.5/System.ServiceModel.dll >/dev/null 2>&1 ||
    missing+=(libmono-system-servicemodel4.0a-cil)
command -v tshark >/dev/null || missing+=(tshark)
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
# For gateways by MIT's GSSAPI: Kerberos with a realm of its own, and NTLM. They need Debian's Python.
PATH=$PATH:/usr/sbin command -v krb5kdc >/dev/null || missing+=(krb5-kdc)
PATH=$PATH:/usr/sbin command -v kadmin.local >/dev/null || missing+=(krb5-admin-server)
command -v kinit >/dev/null || missing+=(krb5-user)
/usr/bin/python3 -c 'import gssapi' 2>/dev/null || missing+=(python3-gssapi)
ls /usr/lib/*/gssntlmssp/gssntlmssp.so >/dev/null 2>&1 || missing+=(gss-ntlmssp)
if [ ${#missing[@]} -gt 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    (apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}") >/dev/null 2>&1 ||
        { echo "these packages are needed (Debian): ${missing[*]}" >&2; exit 1; }
fi

venv="${XDG_CACHE_HOME:-$HOME/.cache}/ipamspec-ci/pynettcp-0.1.0"
if [ ! -e "$venv/complete" ]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'pynettcp[security]==0.1.0'
    touch "$venv/complete"
fi
ln -sfn "$venv" "$out/pynettcp"

# compile PROGRAM SOURCE…
compile() {
    local program=$out/$1.exe sources=("${@:2}")
    sources=("${sources[@]/#/tests/peers/mono/}")
    if [ ! -e "$program" ] || [ -n "$(find "${sources[@]}" -newer "$program")" ]; then
        mcs -nologo -warnaserror -r:System.ServiceModel -r:System.Runtime.Serialization -out:"$program" "${sources[@]}"
    fi
}
compile Server Contracts.cs Dispatch.cs Server.cs
compile Client Contracts.cs Bare.cs Client.cs
