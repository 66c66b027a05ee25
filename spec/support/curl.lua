-- Requests by the command curl, which has no part in what is tested.
local shell = require "yuanjing.sandbox.shell"

local curl = {}

--- What `curl -i` printed, with its exit status on a last line, in parts: the
--- status, headers by lower-case names, the body, and the exit status as `curl`.
function curl.parse(text)
  local answer, status = text:match("^(.*)\n(%d+)$")
  answer = answer:gsub("^HTTP/%S+ 100 .-\r\n\r\n", "")
  local head, body = answer:match("^(HTTP/.-\r\n)\r\n(.*)$")
  local headers = {}
  for name, value in (head or ""):gmatch("([%w-]+): ([^\r]*)\r\n") do
    headers[name:lower()] = value
  end
  return {
    status = tonumber((head or ""):match("^HTTP/%S+ (%d+)")),
    headers = headers, body = body or "", curl = tonumber(status),
  }
end

local SCRIPT = [[
cd "$1"; url=$2; shift 2
curl -s -N -i --max-time "${LIMIT:-60}" "$@" "$url" 2>/dev/null </dev/null
printf '\n%s' $?]]

--- Runs curl in a folder and parses what it prints.
---@param folder string
---@param url string
---@param ... string more words of the command line
function curl.run(folder, url, ...)
  return curl.parse(shell.read(SCRIPT, folder, url, ...))
end

--- The same of an address, or of a path on a sandbox.
function curl.ask(server, folder, url, ...)
  return curl.run(folder, url:find("^/") and server.url .. url or url, ...)
end

return curl
