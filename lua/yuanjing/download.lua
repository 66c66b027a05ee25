--- A file from a URL, whole or not at all (DESIGN.md promise 5). The bytes go
-- straight from the core to the disk, under the target's name with ".part"
-- behind it; who else writes there is kept out by a lock.
local envelope = require "yuanjing.api.envelope"
local errors = require "yuanjing.errors"
local http = require "yuanjing.http"
local loop = require "yuanjing.loop"

local download = {}

local REDIRECTS = 5
local IDLE_TRIES = 4 -- without a byte more: then it is given up

-- Names --------------------------------------------------------------------

local function decode_percent(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- The last part of a path that a URL names, such as it stands in /idfile?path=,
-- made harmless: it names a file in the folder and nothing else.
local function name_of(url)
  local path = url:match("[?&]path=([^&#]+)") or url:match("^%a+://[^/]+([^?#]*)")
  local name = decode_percent(path or ""):match("([^/\\]*)$")
  name = name:gsub("[%z\1-\31\127:*?\"<>|]", "_"):gsub("^[. ]+", "")
    :gsub("[. ]+$", "")
  if name == "" then return "download" end
  return #name > 200 and name:sub(-200) or name
end

-- Opening a folder works, reading from it does not.
local function is_folder(path)
  if path:find("/$") then return true end
  local file = io.open(path, "rb")
  if not file then return false end
  local _, _, code = file:read(0)
  local _, _, code_of_one = file:read(1)
  file:close()
  return code == 21 or code_of_one == 21
end

local function target_of(url, path)
  if not is_folder(path) then return path end
  return path:gsub("/+$", "") .. "/" .. name_of(url)
end

-- One answer ---------------------------------------------------------------

local function io_error(what, problem)
  return errors.new { kind = "io", message = what .. ": " .. problem }
end

local function resume_headers(state)
  local lines = { ["Accept-Encoding"] = "identity" }
  if state.received > 0 and state.validator then
    lines.Range = ("bytes=%.0f-"):format(state.received)
    lines["If-Range"] = state.validator
  end
  return lines
end

-- Only a strong validator says that the bytes are the same.
local function validator_of(headers)
  local etag = headers.etag
  if etag and not etag:find("^W/") then return etag end
  return headers["last-modified"]
end

-- Where the bytes of this answer belong in the file, and how long it is whole.
local function place_of(response)
  local headers = response.headers
  local length = tonumber(headers["content-length"])
  if response.status ~= 206 then return 0, length end
  local from, total = (headers["content-range"] or "")
    :match("^bytes (%d+)%-%d+/(%d*)")
  return tonumber(from), tonumber(total)
end

local function follow_progress(state, transfer)
  local tell = state.options.on_progress
  while not transfer:done() do
    loop.wait(transfer)
    if tell then tell(state.offset + transfer:saved(), state.total) end
  end
end

-- Takes the body of an answer to the disk: true, or nil and an error.
local function take(state, response)
  local transfer = response.transfer
  local offset, total = place_of(response)
  if not offset or offset > state.received then
    transfer:close()
    return nil, errors.new { kind = "decode", status = response.status,
      message = "the server sent another part than was asked for" }
  end
  state.offset, state.total = offset, total
  state.validator = validator_of(response.headers)
  local ok, problem = transfer:save(state.part, offset)
  if not ok then
    transfer:close()
    return nil, io_error(state.part, problem)
  end
  follow_progress(state, transfer)
  state.received = offset + transfer:saved()
  local failure = http.failure(transfer, response.request)
  transfer:close()
  if failure then return nil, response.complete(failure) end
  return true
end

-- The whole ----------------------------------------------------------------

local function is_whole(state)
  return not state.total or state.received == state.total
end

-- A link that has expired is refused; there is no key here that could be wrong.
local function read_refusal(state, status, headers, body)
  local refusal = envelope.refusal(status, headers, body)
  if refusal.kind == "auth" then
    refusal.kind = "not_found"
    refusal.message = "the link is not valid (any more): " .. refusal.message
  end
  state.location = status >= 300 and status < 400 and headers.location or nil
  return refusal
end

local function request_for(state)
  return { method = "GET", url = state.url, hold = true,
    headers = resume_headers(state),
    refusal = function(...) return read_refusal(state, ...) end }
end

-- A result's URL may lead on to a storage host; no key goes there.
local function next_url(url, location)
  if location:find("^%a[%w+.-]*://") then return location end
  if location:find("^/") then return url:match("^%a+://[^/?#]+") .. location end
end

local function get(state)
  for _ = 0, REDIRECTS do
    state.location = nil
    local response, err = http.send(state.settings, request_for(state))
    local onward = state.location and next_url(state.url, state.location)
    if not onward then return response, err end
    state.url = onward
  end
  return nil, errors.new { kind = "platform", call = "GET " .. state.url,
    message = "too many redirects" }
end

-- What breaks a transfer off but may go better the next time.
local PASSING = { transport = true, truncated = true, timeout = true }

local function fetch(state)
  local idle = 0
  while true do
    local before = state.received
    local response, err = get(state)
    if not response then return nil, err end
    local ok
    ok, err = take(state, response)
    if ok and is_whole(state) then return true end
    err = err or errors.new { kind = "truncated", call = "GET " .. state.url,
      message = ("%.0f of %.0f bytes came"):format(state.received,
        state.total) }
    if not PASSING[err.kind] then return nil, err end
    if not state.validator then state.received = 0 end
    idle = state.received > before and 0 or idle + 1
    if idle == IDLE_TRIES then return nil, err end
    if idle > 0 then loop.sleep(0.25 * 2 ^ idle) end
  end
end

-- NB: no half file stays behind, whatever the error.
local function give_up(state, err)
  os.remove(state.part)
  return nil, err
end

--- Saves what is under the URL; the path of the file.
---@param settings table
---@param url string
---@param path string a file, or a folder
---@param options yuanjing.SaveOptions
---@return string? path
---@return yuanjing.Error? err
function download.save(settings, url, path, options)
  local target = target_of(url, path)
  local state = { settings = settings, url = url, options = options,
    part = target .. ".part", received = 0 }
  local ok, err = fetch(state)
  if not ok then return give_up(state, err) end
  local moved, problem = os.rename(state.part, target)
  if not moved then return give_up(state, io_error(target, problem)) end
  return target
end

return download
