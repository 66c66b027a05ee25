--- A file from a URL, whole or not at all (DESIGN.md promise 5). The bytes go
-- straight from the core to the disk, under the target's name with ".part"
-- behind it; who else writes there is kept out by a lock.
local ascii = require "yuanjing.ascii"
local ending = require "yuanjing.media.ending"
local envelope = require "yuanjing.api.envelope"
local errors = require "yuanjing.errors"
local exchange = require "yuanjing.exchange"
local http = require "yuanjing.http"
local loop = require "yuanjing.loop"
local settings_of = require "yuanjing.settings"

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
  local path = url:match("[?&]path=([^&#]+)")
    or url:match("^[A-Za-z]+://[^/]+([^?#]*)")
  local name = decode_percent(path or ""):match("([^/\\]*)$")
  if #name > 200 then name = name:sub(-200):gsub("^[\128-\191]+", "") end
  name = name:gsub("[%z\1-\31\127:*?\"<>|]", "_"):gsub("^[. ]+", "")
    :gsub("[. ]+$", "")
  return name ~= "" and name or "download"
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

-- The file, or the part of it, is nobody's any more.
local function leave(state)
  if state.transfer then state.transfer:close() end
  state.transfer = nil
end

-- NB: no half file stays behind, whatever the error; but what another writer
-- holds the lock of is not ours to remove, nor what has its name.
local function give_up(state)
  if state.is_ours then os.remove(state.part) end
  state.is_ours = false
  leave(state)
end

-- Tells how much there is, if that is more than was told: where a transfer
-- begins anew it goes on when it has caught up.
local function tell_progress(state, received)
  local tell = state.options.on_progress
  if not tell or received <= state.told then return end
  state.told = received
  tell(received, state.total)
end

local function follow_progress(state, transfer)
  repeat
    loop.wait(transfer)
    local is_done = transfer:done()
    tell_progress(state, state.offset + transfer:saved())
  until is_done
end

-- Where the next bytes go, by what is on the disk: another writer may have had
-- the file between two of our transfers.
local function check_part(state)
  local file = state.received > 0 and io.open(state.part, "rb")
  local size = file and file:seek("end") or 0
  if file then file:close() end
  if size ~= state.received then state.received = 0 end
end

local PACKED = { gzip = true, ["x-gzip"] = true, compress = true,
  deflate = true, br = true, zstd = true }

-- What is wrong with an answer before its body is looked at.
local function problem_of(state, response, offset)
  local coding = ascii.lower(response.headers["content-encoding"] or "")
  if PACKED[coding:match("^[0-9A-Za-z-]*")] then
    return ("the file came packed (%s), which was not asked for")
      :format(coding)
  end
  if not offset or offset > state.received then
    return "the server sent another part than was asked for"
  end
end

-- Takes the body of an answer to the disk: true, or nil and an error. With true
-- the transfer stays open, and with it the lock: until the file has its name.
local function take(state, response)
  local transfer = response.transfer
  local offset, total = place_of(response)
  local bad = problem_of(state, response, offset)
  if bad then
    transfer:close()
    return nil, response.call:fail { kind = "decode", message = bad,
      status = response.status }
  end
  state.offset = offset
  state.total = total or offset > 0 and state.total or nil
  state.is_framed = state.total or response.headers["transfer-encoding"]
  state.validator = validator_of(response.headers)
  state.transfer = transfer
  local ok, problem = transfer:save(state.part, offset)
  state.is_ours = ok
  if not ok then return nil, io_error(state.part, problem) end
  follow_progress(state, transfer)
  state.received = offset + transfer:saved()
  local failure = exchange.failure(transfer, response.call.request)
  if failure then return nil, response.call:fail(failure) end
  return true
end

-- The whole ----------------------------------------------------------------

-- Where neither a length nor the framing says so, the format of the file may.
local function is_whole(state)
  if state.total then return state.received == state.total end
  return state.is_framed or not ending.is_missing(state.part)
end

local function cut_short(state)
  local message = state.total and ("%.0f of %.0f bytes came"):format(
    state.received, state.total)
    or ("%.0f bytes came, of a file that goes on"):format(state.received)
  return errors.new { kind = "truncated", message = message,
    call = "GET " .. http.shown(state.url) }
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
  if location:find("^[A-Za-z][0-9A-Za-z+.-]*://") then return location end
  if location:find("^//") then return url:match("^[A-Za-z]+:") .. location end
  local host = url:match("^[A-Za-z]+://[^/?#]+")
  if location:find("^/") then return host .. location end
  return (url:match("^[A-Za-z]+://[^/?#]+[^?#]*/") or host .. "/") .. location
end

local function get(state)
  for _ = 0, REDIRECTS do
    state.location = nil
    local settings = settings_of.within(state.settings, state.ends - loop.now())
    local response, err = http.send(settings, request_for(state))
    local onward = state.location and next_url(state.url, state.location)
    if not onward then return response, err end
    state.url = onward
  end
  return nil, errors.new { kind = "platform", message = "too many redirects",
    call = "GET " .. http.shown(state.url) }
end

-- What breaks a transfer off but may go better the next time.
local PASSING = { transport = true, truncated = true, timeout = true }

-- What there is now is shorter than what we have of it: from the start, then.
local function has_no_such_part(state, err)
  return err.status == 416 and state.received > 0
end

local function fetch(state)
  local idle = 0
  while true do
    check_part(state)
    local before = state.received
    local response, err = get(state)
    if not response and not has_no_such_part(state, err) then return nil, err end
    local ok
    if response then ok, err = take(state, response) end
    if ok and is_whole(state) then return true end
    err = err or cut_short(state)
    if response and not PASSING[err.kind] then return nil, err end
    if not response or not state.validator then state.received = 0 end
    idle = state.received > before and 0 or idle + 1
    local pause = idle > 0 and 0.25 * 2 ^ idle or 0
    if idle == IDLE_TRIES or loop.now() + pause >= state.ends then
      return nil, err
    end
    leave(state)
    if idle > 0 then loop.sleep(pause) end
  end
end

local function fetch_to(target, state)
  local ok, err = fetch(state)
  if not ok then return nil, err end
  local moved, problem = os.rename(state.part, target)
  if not moved then return nil, io_error(target, problem) end
  state.is_ours = false
  leave(state)
  return target
end

--- Saves what is under the URL; the path of the file. What is raised in its
--- course, by on_progress or since the job is cancelled, goes through it.
---@param settings table
---@param url string
---@param path string a file, or a folder
---@param options yuanjing.SaveOptions
---@return string? path
---@return yuanjing.Error? err
function download.save(settings, url, path, options)
  local target = target_of(url, path)
  local state = { settings = settings, url = url, options = options,
    part = target .. ".part", received = 0, told = -1,
    ends = loop.now() + (settings.timeout.total or math.huge) }
  loop.own(state, give_up) -- a request that nginx kills raises nothing
  local ok, saved, err = pcall(fetch_to, target, state)
  if not ok or not saved then give_up(state) end
  if not ok then error(saved, 0) end
  return saved, err
end

return download
