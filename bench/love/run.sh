#!/bin/sh
# run.sh: what the module costs a frame of a LÖVE game, with nothing in flight,
# with 20 live streams, and while 20 connections are opened in one frame, in the
# clear and over TLS. Needs love and Xvfb; the tree must be built (make all).
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server" || :; rm -rf "$folder"' EXIT
trap 'exit 143' TERM INT HUP
plain=${PORT:-$((20000 + $$ % 10000 * 2))}
tls=$((plain + 1))

certificates() {
  ec="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
  # shellcheck disable=SC2086  # words
  openssl req -x509 $ec -keyout ca.key -out ca.pem -days 2 -subj "/CN=bench"
  # shellcheck disable=SC2086
  openssl req $ec -keyout server.key -out server.csr -subj "/CN=127.0.0.1"
  echo "subjectAltName=IP:127.0.0.1" >server.ext
  openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -extfile server.ext -out server.pem -days 1
  cat /etc/ssl/certs/ca-certificates.crt ca.pem >bundle.pem
}

nginx_conf() {
  lua5.4 bench/nginx_host.lua "$folder" directives
  sed "s/@PLAIN@/$plain/; s/@TLS@/$tls/" "$root/bench/love/nginx.conf"
}

# The server and the screen have one CPU, the game the other.
on_cpu() {
  cpu=$1
  shift
  if [ "$(nproc)" -gt 1 ]; then exec taskset -c "$cpu" "$@"; else exec "$@"; fi
}

(cd "$folder" && certificates 2>certificates.log)
nginx=$(lua5.4 bench/nginx_host.lua "$folder" program)
nginx_conf >"$folder/nginx.conf"
(on_cpu 1 "$nginx" -p "$folder" -c "$folder/nginx.conf" -e error.log) &
server=$!
until test -s "$folder/nginx.pid"; do # written once it listens
  kill -0 "$server" 2>/dev/null || { echo "run.sh: no server" >&2; exit 1; }
  sleep 0.1
done
LP_NUM_THREADS=0 LUA_PATH="$root/lua/?.lua;$root/lua/?/init.lua;;" \
  LUA_CPATH="$root/build/luajit/?.so;;" \
  taskset -c 1 spec/support/love/run.sh taskset -c 0 love bench/love \
  "http://127.0.0.1:$plain" "https://127.0.0.1:$tls" "$folder/ca.pem" \
  "$folder/bundle.pem"
