--- examples/openresty as a user starts it, and the requests of a visitor's
-- program.
--   local studio = require("support.studio").start { url = box.url }
--   local status, body, headers = studio:ask("/task?id=1")
--   studio:stop()
local http = require "socket.http"
local json = require "cjson"
local ltn12 = require "ltn12"
local ports = require "yuanjing.sandbox.ports"
local shell = require "yuanjing.sandbox.shell"
local socket = require "socket"
local support = require "support"

-- $1 the platform's URL and $2 the key, both may be empty
local START = [[
  unset YUANJING_BASE_URL YUANJING_API_KEY
  test -z "$1" || export YUANJING_BASE_URL="$1"
  test -z "$2" || export YUANJING_API_KEY="$2"
  PORT=$3 timeout 1200 examples/openresty/start.sh "$4" >"$4/output" 2>&1 &
]]

local STOP = [[
  pid=$(cat "$1/nginx.pid")
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
  rm -rf "$1"
]]

---@class spec.Studio
---@field folder string
---@field port integer
---@field url string
local methods = {}
local Studio = { __index = methods }

local function is_open(port)
  local connection = socket.connect("127.0.0.1", port)
  return connection ~= nil and connection:close()
end

--- Starts one on its own port, in front of the platform at `url`, with that
--- `key` (the sandbox's); without a `url` in front of its own sandbox.
---@param options { url?: string, key?: string }
---@return spec.Studio
local function start(options)
  local folder = support.output("mktemp -d")
  local port = ports.candidates(folder, 1)[1]
  os.execute(shell.command(START, options.url or "",
    options.url and (options.key or "sk-sandbox") or "", tostring(port),
    folder))
  local ends = support.now() + support.HANG
  repeat
    support.sleep(0.01)
    if is_open(port) then
      return setmetatable({ folder = folder, port = port,
        url = ("http://127.0.0.1:%d"):format(port) }, Studio)
    end
  until support.now() > ends
  error(support.read(folder .. "/output"))
end

--- Ends it; does nothing if it has ended.
function methods:stop()
  if not self.folder then return end
  os.execute(shell.command(STOP, self.folder))
  self.folder = nil
end

--- Status, body, headers and the time of each piece; or nil and why it broke
--- off. `request` has json, or the bytes of a body, and headers.
function methods:ask(path, request)
  request = request or {}
  local body = request.json and json.encode(request.json) or request.body
  local pieces, times = {}, {}
  local headers = { ["Content-Length"] = body and #body }
  for name, value in pairs(request.headers or {}) do headers[name] = value end
  local ok, status, answered = http.request {
    url = self.url .. path, method = body and "POST" or "GET",
    headers = headers, source = body and ltn12.source.string(body),
    sink = function(piece, problem)
      if problem then return nil, problem end
      if piece and piece ~= "" then
        pieces[#pieces + 1], times[#times + 1] = piece, support.now()
      end
      return 1
    end,
  }
  if not ok then return nil, status, table.concat(pieces) end
  return status, table.concat(pieces), answered, times
end

--- The decoded answer, and its status.
function methods:ask_json(path, value)
  local status, body = self:ask(path, { json = value })
  return json.decode(body), status
end

--- Queries until the task is done.
function methods:await(id)
  local ends = support.now() + support.HANG
  repeat
    local task, status = self:ask_json("/task?id=" .. id)
    if status ~= 202 then return task, status end
    support.sleep(0.02)
  until support.now() > ends
end

--- Sends a file; returns its reference for a form.
function methods:upload(bytes, name)
  local _, body = self:ask("/upload", { body = bytes })
  return { upload = json.decode(body).upload, name = name }
end

--- The peak memory of any of its processes, in KiB.
function methods:peak()
  local master, most = support.read(self.folder .. "/nginx.pid"):match("%d+"), 0
  local children = support.read(("/proc/%s/task/%s/children")
    :format(master, master))
  for pid in children:gmatch("%d+") do
    local status = support.read(("/proc/%s/status"):format(pid))
    most = math.max(most, tonumber(status:match("VmHWM:%s+(%d+)")))
  end
  return most
end

return { start = start }
