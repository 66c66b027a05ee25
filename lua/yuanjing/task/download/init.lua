--- A file from a URL, whole or not at all
-- (docs/promises.md#no-torn-file). The bytes go straight from the core to the
-- disk, under a name of their own beside the target's; a lock keeps other
-- writers out. What a server calls a success is believed only as far as
-- length, place and bytes bear it out.
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
local settings_of = require "yuanjing.settings"
local target_of = require "yuanjing.task.download.target"
local types = require "yuanjing.base.media_types"
local url_of = require "yuanjing.http.url"

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
---@field private ends number on the clock of the loop
---@field private reported number bytes that on_progress has heard of
---@field private received number bytes that are in the file
---@field private total? number how many it will have
---@field private validator? string the server's word for this version of it
---@field private headers? table<string, string> of the last answer
---@field private is_again? boolean it is fetched whole once more
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
  local _, _, port = url_of.parts(url)
  return { method = "GET", url = url, hold = true,
    total = state.ends - loop.now(),
    headers = headers_for(state), peer_port = port,
    only_public = state.was_public and not state.settings.trust_redirects,
    refusal = function(...) return read_refusal(state, ...) end }
end

local function ask(state, url)
  local request = request_for(state, url)
  state.location = nil
  local response, err = http.send(state.settings, request)
  if response or state.location then
    state.was_public = state.was_public
      or redirect.is_public(url, request.is_private)
  end
  return response, err
end

-- A result's URL may lead on to a storage host; no key goes there.
local function get(state)
  local url = state.url
  for _ = 0, REDIRECTS do
    local response, err = ask(state, url)
    if not state.location then return response, err end
    local onward = url_of.resolve(url, state.location)
    local refusal = redirect.refusal(url, onward, state.was_public)
    if refusal and not (onward and state.settings.trust_redirects) then
      return nil, refusal
    end
    url = onward
  end
  return nil, errors.new { kind = "platform", message = "too many redirects",
    call = "GET " .. http.shown(url) }
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

-- Takes the body to the disk: true, or nil, an error, and whether a fetch of the
-- whole may go better.
local function take(state, response)
  local place, bad = answer.place(response, state)
  if not place then
    response.transfer:close()
    return nil, response.call:fail { kind = "decode", message = bad,
      status = response.status }, true
  end
  note(state, response, place.total)
  local from, transfer = place.from, response.transfer
  state.from = from
  local ok, problem = transfer:save(state.file, from)
  if not ok then return nil, io_error(state.part, problem) end
  follow_progress(state, transfer, from)
  state.received = from + transfer:saved()
  local failure = exchange.failure(transfer, response.call.request)
  return not failure or nil, failure and response.call:fail(failure)
end

-- What there is then ------------------------------------------------------

local function cut_short(state)
  local message = state.total and ("%.0f of %.0f bytes came"):format(
    state.received, state.total)
    or ("%.0f bytes came, of a file that goes on"):format(state.received)
  return errors.new { kind = "truncated", message = message,
    call = "GET " .. http.shown(state.url) }
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

-- Nil, or the fields of an error and whether a fetch of the whole may go better.
local function fault_of(state, response)
  if is_patchwork(state) then
    return { kind = "decode", status = response.status,
      message = "the parts that came do not fit together" }, true
  end
  local packed = packed_failure(state, response)
  if packed then return packed, true end
  local failure = page.failure(state.file, response.headers, state.kind)
  if not failure then return nil end
  failure.status = response.status
  state.is_page = not state.was_resumed
  return failure, state.was_resumed
end

-- What breaks a transfer off but may go better the next time.
local PASSING = { transport = true, truncated = true, timeout = true }

-- One try: true; or nil, an error, and "passing", or "wrong" where a fetch of
-- the whole may go better.
local function try(state)
  state.was_resumed = state.received > 0
  local response, err = get(state)
  if not response then
    return nil, err, err.status and state.was_resumed and "wrong" or nil
  end
  local ok, problem, is_wrong = take(state, response)
  if not ok then
    return nil, problem, is_wrong and "wrong"
      or PASSING[problem.kind] and "passing" or nil
  end
  if is_short(state) then return nil, cut_short(state), "passing" end
  local fault, may_go_better = fault_of(state, response)
  if not fault then return true end
  return nil, response.call:fail(fault), may_go_better and "wrong" or nil
end

-- The whole ----------------------------------------------------------------

-- Where the next bytes go, by what is on the disk: somebody else may have cut
-- the file meanwhile.
local function check_part(state)
  if state.file:size() ~= state.received then state.received = 0 end
end

local function start_over(state)
  state.received, state.is_again = 0, true
end

-- Waits a moment where nothing came of the last try; false: no time is left.
local function pause(state, idle)
  local seconds = idle > 0 and 0.25 * 2 ^ idle or 0
  if idle == IDLE_TRIES or loop.now() + seconds >= state.ends then
    return false
  end
  if seconds > 0 then loop.sleep(seconds) end
  return true
end

local function fetch(state)
  local idle = 0
  while true do
    check_part(state)
    local before = state.received
    local ok, err, course = try(state)
    close_transfer(state)
    if ok then return true end
    if not state.validator then state.received = 0 end
    if course == "wrong" and not state.is_again then
      start_over(state)
    elseif course == "passing" then
      idle = state.received > before and 0 or idle + 1
      if not pause(state, idle) then return nil, err end
    else
      return nil, err
    end
  end
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
  if url:find("^[ \t-\r]*[Dd][Aa][Tt][Aa]:") then
    return (url:gsub("^[ \t-\r]+", "")), true
  end
  local base = settings_of.base(settings, "base_url")
  if not url:find("[^ \t-\r]") then return url, false end
  return url_of.resolve((base or "") .. "/", url) or url, false
end

--- Saves what is under the URL; the path of the file. What is raised in its
--- course, by on_progress or since the job is cancelled, goes through it.
---@param settings table
---@param url string
---@param path string a file, or a folder
---@param options yuanjing.SaveOptions
---@param kind? yuanjing.FileKind what it should be
---@return string? path
---@return yuanjing.Error? err
---@return boolean? is_page a page came in its place: the link may have expired
function download.save(settings, url, path, options, kind)
  local target, problem = target_of.of(path)
  if not target then
    return nil, errors.new { kind = "io", message = problem }
  end
  local address, is_data = address_of(settings, url)
  local state = { settings = settings, url = address, is_data = is_data,
    options = options, kind = kind, target = target,
    part = part_of(target, address), received = 0, reported = -1,
    ends = loop.now() + (settings.timeout.total or math.huge) }
  loop.scope_add(state, give_up) -- a request that nginx kills raises nothing
  local ok, saved, err = pcall(fetch_and_keep, state)
  give_up(state)
  if not ok then error(saved, 0) end
  return saved, err, state.is_page
end

return download
