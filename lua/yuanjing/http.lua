--- One HTTP call: the key, the limits, the events, and the only place that
-- sends anything a second time. What a body means it does not know: the api
-- that calls it hands in `refusal`, which reads an answer that is no success.
local errors = require "yuanjing.errors"
local events = require "yuanjing.events"
local exchange = require "yuanjing.exchange"
local later = require "yuanjing.later"
local loop = require "yuanjing.loop"
local outgoing = require "yuanjing.outgoing"
local usage = require "yuanjing.usage"
local dry_run = later.room "yuanjing.dry_run"
local outcome = later.room "yuanjing.outcome"

local http = {}

---@class yuanjing.Response
---@field status integer
---@field headers table<string, string> by lower-case name
---@field body? string
---@field transfer? yuanjing.core.Transfer of an answer whose body is to come
---@field request? yuanjing.Request that the transfer belongs to
---@field failure? yuanjing.Error the body broke off
---@field complete fun(failure: table): yuanjing.Error makes it an error of this call
---@field over fun(used: table?, is_whole: boolean?) of a stream: it has ended, in whatever way

local MAX_RETRY_AFTER = 60

-- Trying again -------------------------------------------------------------

-- Seconds until the next attempt, or nil: this error stands.
local function delay_before_next(settings, err, attempt, ends)
  if not err.retryable or attempt > settings.retries then return nil end
  local delay = err.retry_after
  if not delay then
    delay = math.min(8, 0.5 * 2 ^ (attempt - 1)) * (1 - 0.25 * loop.jitter())
  end
  if delay > MAX_RETRY_AFTER or loop.now() + delay >= ends then return nil end
  return delay
end

--- A URL to show: of somebody else's what follows "?" may be a signature, and
--- what stands before "@" a password.
---@param url string
---@return string
function http.shown(url)
  return (url:gsub("[?#].*$", ""):gsub("//[^/]*@", "//"))
end

local function call_of(request)
  return request.method .. " " .. (request.path or http.shown(request.url))
end

-- The fields as an error, with the call it belongs to and without the key.
-- NB: once and no earlier, since an error's texts are cut, and half a key would
-- not be found.
local function complete(fields, request, attempts, key, left)
  fields.call, fields.attempts = call_of(request), attempts
  if fields.kind == "outcome_unknown" then
    outcome.describe(fields, request, left)
  end
  return errors.new(fields, key)
end

-- What a plain answer says of usage, for whoever listens.
local function usage_in(call, response)
  local read = call.request.usage
  if not call.settings.on_event or not read then return nil end
  return response and response.body and read(response.body) or nil
end

-- How long each step took, for whoever listens. The transfer is let go of.
local function steps_of(call)
  local transfer = call.transfer
  call.transfer = nil
  return call.settings.on_event and transfer and transfer:steps() or nil
end

-- A response, an error, or both: a body that broke off.
local function attempt_once(call, attempt)
  local settings, request = call.settings, call.request
  local left = call.ends - loop.now()
  call.wire.limits = outgoing.limits(settings, request,
    left < math.huge and left or nil)
  events.tell(settings, { type = "request", call = call_of(request),
    attempt = attempt, url = request.url and http.shown(request.url)
    or call.wire.url })
  call.started, call.left = loop.now(), os.time()
  local response, err = exchange.run(call)
  local steps = steps_of(call)
  call.has_left = call.has_left or response ~= nil or err.status ~= nil
    or err.sent
  err = err or response.failure
  if err then err = call.complete(err, attempt) end
  if response then response.failure = err end
  events.tell(settings, { type = response and "response" or "error",
    call = call_of(request), attempt = attempt, error = err,
    status = (response or err).status, elapsed = loop.now() - call.started,
    usage = usage_in(call, response), steps = steps })
  return response, err
end

-- Whether a body broke off behind all that it had to say.
local function is_body_whole(request, response)
  return response and request.is_whole and request.is_whole(response.body)
end

-- Tells of an upload's progress: five times a second at most, and at its end.
local function new_upload_teller(settings, request)
  local told, last = 0, 0
  return function(sent, is_over)
    if sent == last or not is_over and loop.now() - told < 0.2 then return end
    told, last = loop.now(), sent
    events.tell(settings, { type = "upload", call = call_of(request),
      sent = math.min(sent, request.length), total = request.length })
  end
end

local function new_call(settings, request)
  local wire, err, key = outgoing.prepare(settings, request)
  if not wire then return nil, complete(err, request, 0) end
  local call = {
    settings = settings, request = request, wire = wire, key = key,
    ends = outgoing.deadline(settings, request),
    tell_upload = request.length and new_upload_teller(settings, request),
  }
  function call.complete(failure, attempt)
    return complete(failure, request, attempt, key, call.left)
  end
  return call
end

-- Where nothing is limited, and for what costs nothing.
local FREE = { leave = function() end }

-- A turn under the limits of the client. A total that was given bounds the wait
-- and the call together; else the call's time begins with its turn.
local function take_turn(call)
  local settings, request = call.settings, call.request
  if not settings.limits or not request.billable then return FREE end
  local slot, refusal = settings.limits:enter(outgoing.patience(settings),
    function(event)
      event.type, event.call = "limit", call_of(request)
      events.tell(settings, event)
    end)
  if not slot then
    local err = call.complete(refusal, 0)
    events.tell(settings, { type = "error", call = err.call, attempt = 0,
      error = err })
    return nil, err
  end
  if not settings.timeout.total then
    call.ends = outgoing.deadline(settings, request)
  end
  return slot
end

-- What the reader of an answer has to tell.
local function add_tellers(call, response, attempt)
  local settings = call.settings
  response.complete = function(failure)
    local told = call.complete(failure, attempt)
    events.tell(settings, { type = "error", call = told.call, error = told,
      status = told.status, attempt = attempt })
    return told
  end
  response.over = function(used, is_whole)
    call.slot:leave()
    if used or is_whole then
      usage.add(settings, call.request.about.model, used)
    end
    if not is_whole then return end
    events.tell(settings, { type = "end", call = call_of(call.request),
      attempt = attempt, status = response.status,
      elapsed = loop.now() - call.started, usage = used })
  end
end

local function attempt_until_done(call)
  local attempt = 0
  while true do
    attempt = attempt + 1
    local response, err = attempt_once(call, attempt)
    local delay = err and not is_body_whole(call.request, response)
      and delay_before_next(call.settings, err, attempt, call.ends)
    if response and not delay then
      add_tellers(call, response, attempt)
      return response
    end
    if not delay then return nil, err end
    events.tell(call.settings, { type = "retry", call = call_of(call.request),
      attempt = attempt, delay = delay, error = err })
    loop.sleep(delay)
  end
end

-- What is billed is counted before it goes out: nobody who cancels it, or raises
-- in its course, makes it uncounted.
local function send_counted(call)
  local settings, kind = call.settings, call.request.billable
  if kind then usage.count(settings, kind, 1) end
  local response, err = attempt_until_done(call)
  if kind and not call.has_left then usage.count(settings, kind, -1) end
  if not response or not response.transfer then
    call.slot:leave(not call.has_left)
  end
  return response, err
end

--- Sends the request and returns its answer. The answer may have broken off
--- (`failure`): what came of it is kept. In a dry run the description of the
--- request takes the place of the error. Error kinds: all of DESIGN.md's but
--- task_failed.
---@param settings table
---@param request yuanjing.Request
---@return yuanjing.Response?
---@return yuanjing.Error|yuanjing.DryRun|nil
function http.send(settings, request)
  local call, err = new_call(settings, request)
  if not call then return nil, err end
  if settings.dry_run then
    return nil, dry_run.describe(call.wire, call.key)
  end
  call.slot, err = take_turn(call)
  if not call.slot then return nil, err end
  return send_counted(call)
end

return http
