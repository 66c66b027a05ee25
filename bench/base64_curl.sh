#!/bin/sh
# base64_curl.sh URL FILE [-T]: the same without this module, through memory,
# or streamed with -T.
set -eu
before='{"vendor_group_id":"g","asset_type":"Image","source_url":"data:image/jpeg;base64,'
body() { printf %s "$before" && base64 -w0 "$1" && printf '"}'; }
size=$(wc -c <"$2")
set -- "$1" "$2" "${3:-}" $(((size + 2) / 3 * 4 + ${#before} + 2))
if [ "$3" = -T ]; then
  body "$2" | curl -sSf -o /dev/null -H "Content-Type: application/json" \
    -H Expect: -H Transfer-Encoding: -H "Content-Length: $4" -X POST -T - "$1"
else
  body "$2" | curl -sSf -o /dev/null -H "Content-Type: application/json" \
    -H Expect: --data-binary @- "$1"
fi
