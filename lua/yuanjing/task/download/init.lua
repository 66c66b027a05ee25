--- Downloads a file from a URL, whole or not at all
-- (docs/promises.md#no-torn-file). The core writes the bytes to a part file
-- beside the target, with a lock against other writers. An answer with a 2xx
-- status is accepted only if its length, its range and its bytes fit.
local address = require "yuanjing.http.address"
local answer = require "yuanjing.task.download.answer"
local core = require "yuanjing.core"
local ending = require "yuanjing.task.download.ending"
local envelope = require "yuanjing.protocol.answer.envelope"
local errors = require "yuanjing.errors"
local exchange = require "yuanjing.http.exchange"
local http = require "yuanjing.http.call"
local loop = require "yuanjing.runtime.loop"
local media = require "yuanjing.base.media"
local name_of = require "yuanjing.task.download.name"
local page = require "yuanjing.task.download.page"
local redirect = require "yuanjing.task.download.redirect"
local retry = require "yuanjing.http.retry"
local target_of = require "yuanjing.task.download.target"
local types = require "yuanjing.base.media.types"
local url_of = require "yuanjing.base.url"

local download = {}

local REDIRECTS = 5
local IDLE_TRIES = 4 -- attempts in a row without a new byte

---@class yuanjing.Download
---@field private settings table
---@field private url string each attempt begins here: the target of a redirect may expire
---@field private options yuanjing.SaveOptions
---@field private kind? string what the file should be
---@field private target yuanjing.SaveTarget
---@field private part string the name of the part file
---@field private file? yuanjing.core.File the part file, with its lock
---@field private transfer? yuanjing.core.Transfer that writes to it
---@field private reported number bytes that on_progress was called with
---@field private received number bytes in the part file
---@field private total? number bytes of the whole file
---@field private validator? string names the version of the file
---@field private headers? table<string, string> of the last answer
---@field private is_again? boolean it has started over once
---@field private course? "refused"|"broken"|"wrong" why the last attempt failed, if another may succeed
---@field private refused integer attempts in a row that got no 2xx answer
---@field private idle integer attempts in a row that got no new byte
---@field private is_page? boolean the answer was a page instead of the file
---@field private was_public? boolean a request has gone to a public host

local function io_error(what, problem)
  return errors.new { kind = "io", message = what .. ": " .. problem }
end

-- Requests -----------------------------------------------------------------

-- NB: these requests have no key, so a refusal of kind auth means that the link
-- has expired.
local function read_refusal(state, status, headers, body)
  local refusal = envelope.refusal(status, headers, body)
  if refusal.kind == "auth" then
    refusal.kind = "not_found"
    refusal.message = "the link is not valid (any more): " .. refusal.message
  end
  local location = status >= 300 and status < 400 and headers.location
  state.location = location and location:find("[^ \t-\r]") and location or nil
  return refusal
end

local function headers_for(state)
  local lines = { ["Accept-Encoding"] = "identity" }
  if state.received > 0 then
    lines.Range = ("bytes=%.0f-"):format(state.received)
    lines["If-Range"] = state.validator
  end
  return lines
end

local function request_for(state, url)
  local parts = url_of.parse(url)
  return { method = "GET", url = url, hold = true,
    headers = headers_for(state), peer_port = parts and parts.port or nil,
    only_public = state.was_public and not state.settings.trust_redirects,
    refusal = function(...) return read_refusal(state, ...) end }
end

local function ask(state, call, url)
  local request = request_for(state, url)
  state.location = nil
  local response, err = call:send(request)
  if response or state.location then
    state.was_public = state.was_public
      or redirect.is_public(url, request.is_private)
  end
  return response, err
end

-- Follows redirects: the URL of a result may lead to a storage host.
local function get(state, call)
  local url = state.url
  for _ = 0, REDIRECTS do
    local response, err = ask(state, call, url)
    if not state.location then return response, err end
    local onward = url_of.resolve(url, state.location)
    local refusal = redirect.refusal(url, onward, state.was_public)
    if refusal and not (onward and state.settings.trust_redirects) then
      return nil, call:fail(refusal)
    end
    url = onward
  end
  return nil, call:fail { kind = "platform", message = "too many redirects" }
end

-- One answer ---------------------------------------------------------------

-- Calls on_progress if there are more bytes than it was called with. So after a
-- new beginning it is called again only when the transfer has caught up.
local function tell_progress(state, received)
  local report = state.options.on_progress
  if not report or received <= state.reported then return end
  state.reported = received
  report(received, state.total)
end

local function follow_progress(state, transfer, from)
  repeat
    loop.wait(transfer)
    local is_done = transfer:done()
    tell_progress(state, from + transfer:saved())
  until is_done
end

local function close_transfer(state)
  if state.transfer then state.transfer:close() end
  state.transfer = nil
end

-- Keeps what the answer says about the file: a later answer may not repeat it.
local function note(state, response, total)
  local headers = response.headers
  if not answer.is_same_version(headers, state.validator) then
    state.total = nil
  end
  state.total = total or state.total
  state.is_framed = total or headers["transfer-encoding"]
  state.validator = answer.validator(headers)
  state.headers, state.transfer = headers, response.transfer
end

-- Failures of a transfer after which another attempt may succeed.
local PASSING = { transport = true, truncated = true, timeout = true }

-- Writes the body to the part file. Returns true, or nil and an error.
local function take(state, call, response)
  local place, bad = answer.place(response, state)
  if not place then
    response.transfer:close()
    state.course = "wrong"
    return nil, call:fail { kind = "decode", message = bad,
      status = response.status }
  end
  note(state, response, place.total)
  local from, transfer = place.from, response.transfer
  state.from = from
  local ok, problem = transfer:save(state.file, from)
  if not ok then return nil, io_error(state.part, problem) end
  follow_progress(state, transfer, from)
  state.received = from + transfer:saved()
  local failure = exchange.failure(transfer, call.request)
  if not failure then return true end
  state.course = PASSING[failure.kind] and "broken"
  return nil, call:fail(failure)
end

-- The file that arrived ---------------------------------------------------

local function cut_short(state)
  return { kind = "truncated", message = state.total
    and ("%.0f of %.0f bytes came"):format(state.received, state.total)
    or ("%.0f bytes came, of a file that goes on"):format(state.received) }
end

-- Whether bytes are missing. Without a length and chunks, only the format of the
-- file may show that.
local function is_short(state)
  if state.total then return state.received < state.total end
  return not state.is_framed and ending.is_missing(state.file)
end

local function head_of(state) return state.file:read(0, types.HEAD) or "" end

-- Whether the server sent the beginning again instead of the rest.
local function repeats_itself(state)
  if state.from == 0 then return false end
  local head = head_of(state)
  return types.of_bytes(head)
    and state.file:read(state.from, types.HEAD) == head
end

-- Whether the parts do not belong together.
local function is_patchwork(state)
  return state.total and state.received > state.total or repeats_itself(state)
end

local function packed_failure(state, response)
  local coding = answer.coding(response.headers)
  -- a known medium is not packed, although the header says so
  if not coding or types.of_bytes(head_of(state)) then
    return nil
  end
  return { kind = "decode", status = response.status, message =
    ("the file came packed (%s), which was not asked for"):format(coding) }
end

-- The fields of an error; nil if the file is complete and is no page.
local function fault_of(state, response)
  if is_short(state) then
    state.course = "broken"
    return cut_short(state)
  end
  state.course = "wrong"
  if is_patchwork(state) then
    return { kind = "decode", status = response.status,
      message = "the parts that came do not fit together" }
  end
  local packed = packed_failure(state, response)
  if packed then return packed end
  local failure = page.failure(state.file, response.headers, state.kind)
  if not failure then return nil end
  failure.status = response.status
  state.is_page = not state.was_resumed
  state.course = state.was_resumed and "wrong" or nil
  return failure
end

-- Sends the request and takes the answer. Returns true, or nil and an error.
local function get_and_take(state, call)
  state.was_resumed, state.course = state.received > 0, "refused"
  local response, err = get(state, call)
  if not response then return nil, err end
  state.refused, state.course = 0, nil
  local ok, problem = take(state, call, response)
  if not ok then return nil, problem end
  local fault = fault_of(state, response)
  return not fault or nil, fault and call:fail(fault)
end

-- The whole ----------------------------------------------------------------

-- Starts over if the part file has another size than was written: another
-- process may have changed it.
local function check_part(state)
  if state.received > 0 and state.file:size() ~= state.received then
    state.received = 0
  end
end

local function attempt(state, call)
  check_part(state)
  local before = state.received
  local ok, err = get_and_take(state, call)
  close_transfer(state)
  if not ok and not state.validator then state.received = 0 end
  if state.course == "broken" then
    state.idle = state.received > before and 0 or state.idle + 1
  elseif state.course == "refused" then
    state.refused = state.refused + 1
  end
  return ok, err
end

local function start_over(state)
  if state.is_again then return nil end
  state.received, state.refused, state.is_again = 0, 0, true
  return 0
end

-- Seconds until the next attempt, by the reason why the last one failed; nil ends
-- the download with its error.
local DELAYS = {
  -- A server that refuses a range may still send the whole file.
  refused = function(state, err)
    local delay = retry.delay(state.settings, err, state.refused)
    if delay or not (err.status and state.was_resumed) then return delay end
    return start_over(state)
  end,
  -- It is resumed as long as new bytes arrive.
  broken = function(state)
    if state.idle == IDLE_TRIES then return nil end
    return state.idle > 0 and retry.pause(state.idle) or 0
  end,
  -- The bytes can not be right.
  wrong = start_over,
}

local function fetch(state)
  return http.run(state.settings, {
    attempt = function(call) return attempt(state, call) end,
    delay = function(err)
      local delay = DELAYS[state.course]
      return delay and delay(state, err)
    end,
  })
end

local function name_in_folder(state)
  local of_header = name_of.of_header((state.headers or {})
    ["content-disposition"])
  local of_url = name_of.of_url(state.url)
  local name = types.match(of_header or of_url or "download", head_of(state))
  return name, of_header ~= nil or not of_url
end

-- Gives the complete file its name.
local function keep(state)
  local target = state.target
  local path, real = target.path, target.real
  if target.is_folder then
    path, real = target_of.in_folder(target.path, name_in_folder(state))
  end
  local ok, problem = target_of.keep(state, real)
  if not ok then return nil, io_error(path, problem) end
  return path
end

local function give_up(state)
  close_transfer(state)
  target_of.give_up(state)
end

-- Writes the bytes of a data URI to the part file.
local function unpack_uri(state)
  local medium, problem = media.read(state.url)
  if medium then medium, problem = media.decoded(medium) end
  if not medium then
    return nil, errors.new { kind = "decode", message = problem }
  end
  local ok, why = state.file:append(medium.data)
  if not ok then return nil, io_error(state.part, why) end
  tell_progress(state, medium.size)
  local failure = page.failure(state.file,
    { ["content-type"] = medium.type }, state.kind)
  return not failure or nil, failure and errors.new(failure)
end

local function fetch_and_keep(state)
  local ok, err = target_of.begin(state)
  if not ok then return nil, errors.new { kind = "io", message = err } end
  if state.is_data then
    ok, err = unpack_uri(state)
  else
    ok, err = fetch(state)
  end
  if not ok then return nil, err end
  return keep(state)
end

-- The name of the part file. In a folder it contains a digest of the URL: two
-- files of the same name may be downloaded at the same time.
local function part_of(target, url)
  if not target.is_folder then return target_of.part(target.real) end
  return target_of.part(("%s%s-%s"):format(target.path,
    name_of.of_url(url) or "download", core.sha256(url):sub(1, 8)))
end

-- The absolute URL, and whether it is a data URI. A URL of the platform may be
-- relative to the base URL.
local function address_of(settings, url)
  url = url:gsub("^[ \t-\r]+", "")
  if url_of.is_data(url) then return url, true end
  local base = address.base(settings, "base_url")
  if url == "" then return url, false end
  return url_of.resolve((base or "") .. "/", url) or url, false
end

-- NB: on_progress may raise, or the job be cancelled: the error is raised again
-- after the part file was removed.
local function save_from(settings, url, path, options, kind)
  local target, problem = target_of.of(path)
  if not target then
    return nil, errors.new { kind = "io", message = problem }
  end
  local link, is_data = address_of(settings, url)
  local state = { settings = settings, url = link, is_data = is_data,
    options = options, kind = kind, target = target,
    part = part_of(target, link), received = 0, reported = -1,
    idle = 0, refused = 0 }
  loop.scope_add(state, give_up) -- a request that nginx kills raises nothing
  local ok, saved, err = pcall(fetch_and_keep, state)
  give_up(state)
  if not ok then error(saved, 0) end
  return saved, err, state.is_page
end

-- The kinds of errors with which storage hosts report an expired link.
local EXPIRED = { not_found = true, platform = true, invalid_request = true }

--- Saves the file at the URL and returns its path. If the link has expired, it is
--- renewed once: `renew` returns another link, or nil.
---@param settings table
---@param url string
---@param path string a file, or a folder
---@param options yuanjing.SaveOptions
---@param kind? yuanjing.FileKind what the file should be
---@param renew? fun(): string?
---@return string? path
---@return yuanjing.Error? err
function download.save(settings, url, path, options, kind, renew)
  local saved, err, is_page = save_from(settings, url, path, options, kind)
  local fresh = err and (is_page or EXPIRED[err.kind]) and renew and renew()
  if fresh then
    saved, err = save_from(settings, fresh, path, options, kind)
  end
  return saved, err
end

return download
