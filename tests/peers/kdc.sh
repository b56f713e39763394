#!/usr/bin/env bash
# kdc.sh DIR PORT: makes a throw-away realm EXAMPLE.TEST in a folder, with the users of roles.txt, a stranger, and the service
# host/ipam.example.test, and runs its KDC in the foreground on the loopback; DIR/kdc.log has what it was asked.
# KRB5_CONFIG=DIR/krb5.conf and KRB5_KTNAME=DIR/host.keytab are for those who use it; no keytab has the key of
# host/other.example.test. Takes Debian's krb5-kdc, krb5-admin-server and krb5-user; says so where they are not there.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: kdc.sh DIR PORT" >&2; exit 2; }
users=$(sed -n 's/^EXAMPLE:\([^:]*\):.*/\1/p' "$(dirname "$0")/roles.txt")
mkdir -p "$1"
dir=$(cd "$1" && pwd)
export PATH=$PATH:/usr/sbin KRB5_CONFIG=$dir/krb5.conf KRB5_KDC_PROFILE=$dir/kdc.conf
command -v krb5kdc >/dev/null && command -v kadmin.local >/dev/null ||
    { echo "needed (Debian): krb5-kdc krb5-admin-server krb5-user" >&2; exit 1; }

cat >"$dir/krb5.conf" <<CONF
[libdefaults]
  default_realm = EXAMPLE.TEST
  dns_lookup_realm = false
  dns_lookup_kdc = false
  rdns = false
  dns_canonicalize_hostname = false
  udp_preference_limit = 1
[realms]
  EXAMPLE.TEST = {
    kdc = 127.0.0.1:$2
  }
CONF
cat >"$dir/kdc.conf" <<CONF
[kdcdefaults]
  kdc_listen = 127.0.0.1:$2
  kdc_tcp_listen = 127.0.0.1:$2
[logging]
  kdc = FILE:$dir/kdc.log
[realms]
  EXAMPLE.TEST = {
    database_name = $dir/principal
    key_stash_file = $dir/stash
    acl_file = $dir/kadm5.acl
    supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal
  }
CONF
: >"$dir/kadm5.acl"
: >"$dir/kdc.log"
rm -f "$dir"/principal* "$dir/host.keytab"
{
    kdb5_util create -s -r EXAMPLE.TEST -P master
    {
        for user in $users stranger; do echo "addprinc +requires_preauth -pw $PEER_PASSWORD $user"; done
        for host in ipam other; do echo "addprinc -randkey host/$host.example.test"; done
        echo "ktadd -k $dir/host.keytab host/ipam.example.test"
    } | kadmin.local && [ -s "$dir/host.keytab" ]
} >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
echo "ready"
exec krb5kdc -n
