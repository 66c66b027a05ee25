#!/bin/sh
# small_files_curl.sh HOW FILES SERVER FILE [FOLDER]: what small_files.lua does,
# by one curl: uploads over one connection, downloads eight at a time.
set -eu
how=$1 files=$2 server=$3 file=$4 folder=${5:-}
upload() { # an entry of the list that curl reads
  echo "url = \"$server/llmage/v1/video/generations\""
  for field in model=happyhorse-1.0-i2v catelogid=i2v prompt=hi; do
    echo "form = \"$field\""
  done
  echo "form = \"image_file=@$file\""
  echo 'output = "/dev/null"'
}
download() { # the same, with the query that tells where the file is
  printf 'url = "%s/llmage/v1/tasks?taskid=%s.%s"\noutput = "/dev/null"\nnext\n' \
    "$server" "$1" "$file"
  echo "url = \"$server/blob/$file\""
  echo "output = \"$folder/$1\""
}
n=0
list=$(mktemp)
trap 'rm -f "$list"' EXIT
while [ $n -lt "$files" ]; do
  n=$((n + 1))
  [ "$n" = 1 ] || echo next
  "$how" "$n"
done >"$list"
case $how in
upload) curl -sSf -K "$list" ;;
download) curl -sSf --no-progress-meter --parallel --parallel-max 8 -K "$list" ;;
esac
