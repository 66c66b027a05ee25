--- One HTTP call: the key, the limits, the events, the attempts. This module does
-- not know what a body means: the protocol passes the function `refusal`, which
-- reads an answer with a status other than 2xx.
local dry_run = require "yuanjing.spending.dry_run"
local events = require "yuanjing.events"
local exchange = require "yuanjing.http.exchange"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"
local request_builder = require "yuanjing.http.request_builder"
local errors = lazy.kept "yuanjing.errors"
local outcome = lazy.kept "yuanjing.http.outcome"
local retry = lazy.module "yuanjing.http.retry"
local url_of = lazy.module "yuanjing.base.url"
local prices = lazy.module "yuanjing.spending.prices"
local usage = require "yuanjing.spending.usage"

local http = {}

---@class yuanjing.Response
---@field call yuanjing.Call
---@field status integer
---@field head? string with the body: exchange.headers() reads it
---@field headers? table<string, string> by lower-case name, of an answer that is held
---@field body? string
---@field transfer? yuanjing.core.Transfer if the body is still to come
---@field failure? yuanjing.Error if the body broke off

-- The state of a call until its answer has been read. NB: a stream keeps it for as
-- long as it is open, and Lua doubles the size of a table at the ninth field.
---@class yuanjing.Call
---@field settings table
---@field request yuanjing.Request
---@field private key? string is removed from every text
---@field private slot yuanjing.Slot under the limits
---@field attempt integer how many there have been
---@field private ends? number of a call with several requests: its deadline
---@field private started? number when the last attempt began, on the loop's clock
---@field private left integer the same in seconds since 1970
---@field private has_left boolean? the server may have received a part of it
---@field report_upload? fun(sent: number, is_over: boolean?)
local Call = {}
Call.__index = Call

local function call_of(request)
  return request.method .. " " .. (request.path or url_of.shown(request.url))
end

-- Lets the error of a billable call be settled. What that needs is kept beside the
-- error, not in it.
local function settleable(call, err)
  local settings, request, left = call.settings, call.request, call.left
  local ended = os.time()
  err.transno = request.transno
  errors.on_settle(err, function(options)
    return settings.settle(settings, outcome.wanted(request, left, ended),
      options)
  end)
end

-- Makes the fields an error: adds the call, and removes the key. NB: errors.new()
-- also cuts long texts, and half a key would not be found. So call it only once.
local function complete(call, fields)
  fields.call = call_of(call.request)
  fields.attempts = call.started and call.attempt or 0
  if fields.kind == "outcome_unknown" then
    outcome.describe(fields, call.request, call.left)
  end
  local err = errors.new(fields, call.key)
  if call.left and call.request.billable then settleable(call, err) end
  return err
end

-- Events -------------------------------------------------------------------

--- Emits an event, with the call and the attempt that it belongs to.
---@param event table
function Call:tell(event)
  event.call, event.attempt = call_of(self.request), self.attempt
  events.emit(self.settings, event)
end

local function emit_request(call, prepared)
  if not call.settings.on_event then return end
  local url = call.request.url
  call:tell { type = "request", url = url and url_of.shown(url) or prepared.url }
end

-- The usage that a plain answer reports.
local function usage_in(call, response)
  local read = call.request.usage
  return read and response and response.body and read(response.body) or nil
end

local function emit_response(call, response, err, transfer)
  if not call.settings.on_event then return end
  call:tell { type = response and "response" or "error", error = err,
    status = (response or err).status, elapsed = loop.now() - call.started,
    usage = usage_in(call, response),
    steps = transfer and transfer:steps() }
end

-- Makes a function that emits the progress of an upload: five times a second at
-- most, and at its end.
local function new_upload_reporter(settings, request)
  local told, last = 0, 0
  return function(sent, is_over)
    if sent == last or not is_over and loop.now() - told < 0.2 then return end
    told, last = loop.now(), sent
    events.emit(settings, { type = "upload", call = call_of(request),
      sent = math.min(sent, request.length), total = request.length })
  end
end

-- For readers of the answer ------------------------------------------------

--- Makes the fields an error of this call without an event: the call itself has
--- succeeded.
---@type fun(self: yuanjing.Call, fields: table): yuanjing.Error
Call.describe = complete

--- Makes the fields an error of this call, and emits it.
---@param fields table
---@return yuanjing.Error
function Call:fail(fields)
  local err = complete(self, fields)
  self:tell { type = "error", error = err, status = err.status }
  return err
end

--- To be called when its stream has ended, in any way.
---@param status integer of HTTP
---@param used? table the usage that the platform reported
---@param is_whole? boolean
function Call:over(status, used, is_whole)
  self.slot:leave()
  if used or is_whole then
    usage.add(self.settings, self.request.about.model, used)
  end
  if not is_whole or not self.settings.on_event then return end
  self:tell { type = "end", status = status, usage = used,
    elapsed = loop.now() - self.started }
end

-- Sending ------------------------------------------------------------------

-- Sends one attempt. Returns a response, an error, or both if the body broke off.
local function send_once(call, prepared, ends)
  prepared.timeouts = request_builder.timeouts(call.settings, call.request,
    ends - loop.now())
  emit_request(call, prepared)
  call.started, call.left = loop.now(), os.time()
  call.slot:send()
  local response, err, transfer = exchange.run(call, prepared)
  call.has_left = call.has_left or response ~= nil or err.status ~= nil
    or err.sent
  err = err or response.failure
  if err then err = complete(call, err) end
  if response then response.call, response.failure = call, err end
  emit_response(call, response, err, transfer)
  return response, err
end

-- Whether a body is complete although its transfer broke off.
local function is_body_whole(request, response)
  return response and request.is_whole and request.is_whole(response.body)
end

-- The policy of a call with one request: each attempt sends the same request.
local function policy_of(request, prepared, settings, ends)
  return {
    ends = ends,
    attempt = function(call) return send_once(call, prepared, ends) end,
    delay = function(err, attempt, response)
      if is_body_whole(request, response) then return nil end
      return retry.delay(settings, err, attempt)
    end,
  }
end

-- The slot of a call without limits, or of a call that costs nothing.
local FREE = { send = function() end, leave = function() end }

-- NB: with the fields that come later, or the table would grow with each.
local function new_call(settings)
  return setmetatable({ settings = settings, slot = FREE, attempt = 0,
    has_left = false, request = nil, key = nil, started = nil, left = nil },
    Call)
end

-- Prepares the next request of a call for the core; or returns nil and an error.
local function prepare(call, request)
  call.request = request
  local prepared, err, key = request_builder.prepare(call.settings, request)
  call.key = key
  if not prepared then return nil, complete(call, err) end
  if call.settings.dry_run then
    return nil, dry_run.describe(prepared, key, request.billable
      and prices.quote(call.settings.prices, request.about))
  end
  return prepared
end

-- What a call is charged under a limit of cost; or nil and the fields of an error.
local function cost_of(call)
  local settings = call.settings
  if not settings.limits.bounds.cost then return 0 end
  local cost, problem = prices.before(settings.prices, call.request.about)
  if cost then return cost end
  return nil, { kind = "limit", code = "cost", message = problem }
end

-- Waits for a turn under the client's limits. Returns the call's deadline, or nil
-- and an error. A total timeout of the user's includes the wait; the default one
-- begins with the turn.
local function take_turn(call)
  local settings, request = call.settings, call.request
  local ends = request_builder.deadline(settings, request)
  if not settings.limits or not request.billable then return ends end
  local cost, unpriced = cost_of(call)
  if unpriced then return nil, call:fail(unpriced) end
  local slot, refusal = settings.limits:enter(request_builder.patience(settings),
    function(event)
      event.type, event.call = "limit", call_of(request)
      events.emit(settings, event)
    end)
  if slot then refusal = settings.limits:charge(slot, cost) end
  if refusal then return nil, call:fail(refusal) end
  call.slot = slot
  return settings.timeout.total and ends
    or request_builder.deadline(settings, request)
end

-- Calls before_sending() when the turn has come and no byte has been sent. If it
-- refuses, the turn is given back.
local function confirm(call)
  local before_sending = call.request.before_sending
  if not before_sending then return true end
  local ok, done, err = pcall(before_sending)
  if ok and done then return true end
  call.slot:leave(true)
  if not ok then error(done, 0) end
  return nil, err
end

local function count(call, calls)
  local kind = call.request.billable
  if kind then usage.count(call.settings, kind, calls) end
end

-- A billable call is counted before it is sent, so that it is also counted if the
-- job is cancelled or on_event raises meanwhile.
local function send_counted(call, prepared, ends)
  count(call, 1)
  local response, err = retry.run(call,
    policy_of(call.request, prepared, call.settings, ends))
  if not call.has_left then count(call, -1) end
  if not response or not response.transfer then
    call.slot:leave(not call.has_left)
  end
  return response, not response and err or nil
end

--- Sends the request and returns its answer. If the answer broke off, the response
--- has the first part and `failure`. In a dry run it returns nil and the
--- description of the request. Error kinds: all of yuanjing.ErrorKind but
--- task_failed.
---@param settings table
---@param request yuanjing.Request
---@return yuanjing.Response?
---@return yuanjing.Error|yuanjing.DryRun|nil
function http.send(settings, request)
  if not settings.dry_run then loop.check_wait() end
  local call = new_call(settings)
  local prepared, err = prepare(call, request)
  if request.length and prepared then
    call.report_upload = new_upload_reporter(settings, request)
  end
  local ends, ok
  if prepared then ends, err = take_turn(call) end
  if ends then ok, err = confirm(call) end
  if not ok then return nil, err end
  return send_counted(call, prepared, ends)
end

--- Sends one request of a call with several requests.
---@param request yuanjing.Request not billable
---@return yuanjing.Response?
---@return yuanjing.Error|yuanjing.DryRun|nil
function Call:send(request)
  local prepared, err = prepare(self, request)
  if not prepared then return nil, err end
  return send_once(self, prepared, self.ends)
end

--- Runs a call of several requests, such as the download of a file in parts. Each
--- attempt of the policy sends the requests that it needs. The call has the total
--- timeout of a file.
---@param settings table
---@param policy yuanjing.RetryPolicy
---@return any result of the last attempt
---@return yuanjing.Error|yuanjing.DryRun|nil
function http.run(settings, policy)
  if not settings.dry_run then loop.check_wait() end
  local call = new_call(settings)
  call.ends = request_builder.deadline(settings, { hold = true })
  policy.ends = call.ends
  return retry.run(call, policy)
end

return http
