--- A file from a URL, whole or not at all
-- (docs/promises.md#no-torn-file). The bytes go straight from the core to the
-- disk, under a name of their own beside the target's; a lock keeps other
-- writers out. What a server calls a success is believed only as far as
-- length, place and bytes bear it out.
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
local IDLE_TRIES = 4 -- without a byte more: then it is given up

---@class yuanjing.Download
---@field private settings table
---@field private url string where each attempt begins, for what a redirect has led to may expire
---@field private options yuanjing.SaveOptions
---@field private kind? string what the file should be
---@field private target yuanjing.SaveTarget
---@field private part string the name until it is whole
---@field private file? yuanjing.core.File under that name; with its lock
---@field private transfer? yuanjing.core.Transfer that writes to it
---@field private reported number bytes that on_progress has heard of
---@field private received number bytes that are in the file
---@field private total? number how many it will have
---@field private validator? string the server's word for this version of it
---@field private headers? table<string, string> of the last answer
---@field private is_again? boolean it is fetched whole once more
---@field private course? "refused"|"broken"|"wrong" why the last attempt failed, where another may go better
---@field private refused integer attempts in a row that got no answer
---@field private idle integer attempts in a row that brought no byte more
---@field private is_page? boolean a page came in its place
---@field private was_public? boolean a public host has been asked

local function io_error(what, problem)
  return errors.new { kind = "io", message = what .. ": " .. problem }
end

-- Asking -------------------------------------------------------------------

-- A link that has expired is refused; there is no key here that could be wrong.
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

-- A result's URL may lead on to a storage host; no key goes there.
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

-- Tells how much there is, if that is more than was reported: where a transfer
-- begins anew it goes on when it has caught up.
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

-- What the answer says of the file, kept where a later one does not say it.
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

-- What breaks a transfer off but may go better the next time.
local PASSING = { transport = true, truncated = true, timeout = true }

-- Takes the body to the disk: true, or nil and an error.
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

-- What there is then ------------------------------------------------------

local function cut_short(state)
  return { kind = "truncated", message = state.total
    and ("%.0f of %.0f bytes came"):format(state.received, state.total)
    or ("%.0f bytes came, of a file that goes on"):format(state.received) }
end

-- Where neither a length nor the framing says so, the format of the file may.
local function is_short(state)
  if state.total then return state.received < state.total end
  return not state.is_framed and ending.is_missing(state.file)
end

local function head_of(state) return state.file:read(0, types.HEAD) or "" end

-- Whether a part that was to be the rest is the beginning once more.
local function repeats_itself(state)
  local head = head_of(state)
  return state.from > 0 and types.of_bytes(head)
    and state.file:read(state.from, types.HEAD) == head
end

-- Parts that do not belong together.
local function is_patchwork(state)
  return state.total and state.received > state.total or repeats_itself(state)
end

local function packed_failure(state, response)
  local coding = answer.coding(response.headers)
  -- the bytes of a medium are not packed, whatever the head says
  if not coding or types.of_bytes(head_of(state)) then
    return nil
  end
  return { kind = "decode", status = response.status, message =
    ("the file came packed (%s), which was not asked for"):format(coding) }
end

-- The fields of an error; nil: the file is whole, and one.
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

-- Asks, and takes what comes: true, or nil and an error.
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

-- Where the next bytes go, by what is on the disk: somebody else may have cut
-- the file meanwhile.
local function check_part(state)
  if state.file:size() ~= state.received then state.received = 0 end
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

-- Seconds until the next attempt, by the course that the last one took; nil: its
-- error stands.
local DELAYS = {
  -- What is refused of the rest may be had as a whole.
  refused = function(state, err)
    local delay = retry.delay(state.settings, err, state.refused)
    if delay or not (err.status and state.was_resumed) then return delay end
    return start_over(state)
  end,
  -- It goes on where it was, as long as it gets further.
  broken = function(state)
    if state.idle == IDLE_TRIES then return nil end
    return state.idle > 0 and retry.pause(state.idle) or 0
  end,
  -- What came can not be right.
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

-- The file is whole: it gets its name.
local function keep(state)
  local target = state.target
  local path, real = target.path, target.real
  if target.is_folder then
    path, real = target_of.in_folder(target.path, name_in_folder(state))
  end
  local ok, problem = state.file:move(state.part, real)
  if not ok then return nil, io_error(path, problem) end
  state.file:close()
  state.file = nil
  return path
end

-- NB: no half file stays behind, whatever the error; but what another writer
-- has by now put under that name is not ours to remove, nor in a forked child
-- what the parent still writes.
local function give_up(state)
  close_transfer(state)
  if not state.file then return end
  if state.file:is_mine() and state.file:is_at(state.part) then
    os.remove(state.part)
  end
  state.file:close()
  state.file = nil
end

-- The bytes of a data URI, as if they had come.
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

local function begin_part(state)
  local file, problem = core.part(state.part, state.target.real)
  if not file then return nil, io_error(state.part, problem) end
  state.file = file
  return true
end

local function fetch_and_keep(state)
  local ok, err = begin_part(state)
  if not ok then return nil, err end
  if state.is_data then
    ok, err = unpack_uri(state)
  else
    ok, err = fetch(state)
  end
  if not ok then return nil, err end
  return keep(state)
end

-- Files of the same name from two URLs may come at the same time.
local function part_of(target, url)
  if not target.is_folder then return target_of.part(target.real) end
  return target_of.part(("%s%s-%s"):format(target.path,
    name_of.of_url(url) or "download", core.sha256(url):sub(1, 8)))
end

-- The URL to ask for: what the platform gave may be relative to its own, or the
-- file itself.
local function address_of(settings, url)
  url = url:gsub("^[ \t-\r]+", "")
  if url_of.is_data(url) then return url, true end
  local base = address.base(settings, "base_url")
  if url == "" then return url, false end
  return url_of.resolve((base or "") .. "/", url) or url, false
end

-- What is raised in its course, by on_progress or since the job is cancelled, goes
-- through it.
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

-- How storage says, each in its own way, that a link is too old.
local EXPIRED = { not_found = true, platform = true, invalid_request = true }

--- Saves what is under the URL: the path of the file. Where the link has expired,
--- `renew` gives another one, once; or none.
---@param settings table
---@param url string
---@param path string a file, or a folder
---@param options yuanjing.SaveOptions
---@param kind? yuanjing.FileKind what it should be
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
