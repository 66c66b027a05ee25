--- One HTTP call: the key, the limits, the events, the attempts. What a body
-- means is not known here: the protocol hands in `refusal`, which reads an answer
-- that is no success.
local dry_run = require "yuanjing.spending.dry_run"
local errors = require "yuanjing.errors"
local events = require "yuanjing.events"
local exchange = require "yuanjing.http.exchange"
local lazy = require "yuanjing.base.lazy"
local loop = require "yuanjing.runtime.loop"
local outcome = require "yuanjing.http.outcome"
local request_builder = require "yuanjing.http.request_builder"
local retry = lazy.module "yuanjing.http.retry"
local url_of = lazy.module "yuanjing.base.url"
local prices = lazy.module "yuanjing.spending.prices"
local usage = require "yuanjing.spending.usage"

local http = {}

---@class yuanjing.Response
---@field call yuanjing.Call that it answers
---@field status integer
---@field headers? table<string, string> by lower-case name; not of a stream
---@field body? string
---@field transfer? yuanjing.core.Transfer of an answer whose body is to come
---@field failure? yuanjing.Error the body broke off

-- What is known of a call until its answer has been read. NB: a stream may be
-- open for long, and so are all of these: a table has room for eight fields or
-- for sixteen.
---@class yuanjing.Call
---@field settings table
---@field request yuanjing.Request
---@field private key? string must not stay in any text
---@field private slot yuanjing.Slot under the limits
---@field attempt integer how many there have been
---@field private ends? number of several requests: when all must be over
---@field private started? number when something was sent last
---@field private left integer seconds since 1970 then
---@field private has_left boolean? something of it may have arrived
---@field report_upload? fun(sent: number, is_over: boolean?)
local Call = {}
Call.__index = Call

local function call_of(request)
  return request.method .. " " .. (request.path or url_of.shown(request.url))
end

-- Such an error can be settled: what is needed for that is kept beside it, not in
-- it.
local function settleable(call, err)
  local settings, request, left = call.settings, call.request, call.left
  local ended = os.time()
  err.transno = request.transno
  errors.on_settle(err, function(options)
    return settings.settle(settings, outcome.wanted(request, left, ended),
      options)
  end)
end

-- The fields as an error, with the call it belongs to and without the key.
-- NB: once and no earlier, since an error's texts are cut, and half a key would
-- not be found.
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

-- Whoever listens ----------------------------------------------------------

--- Tells of it, with the call and the attempt that it belongs to.
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

-- What a plain answer says of usage.
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

-- Tells of an upload's progress: five times a second at most, and at its end.
local function new_upload_reporter(settings, request)
  local told, last = 0, 0
  return function(sent, is_over)
    if sent == last or not is_over and loop.now() - told < 0.2 then return end
    told, last = loop.now(), sent
    events.emit(settings, { type = "upload", call = call_of(request),
      sent = math.min(sent, request.length), total = request.length })
  end
end

-- For who reads the answer -------------------------------------------------

--- The fields as an error of this call, of which nobody is told: the call went
--- well.
---@param fields table
---@return yuanjing.Error
function Call:describe(fields)
  return complete(self, fields)
end

--- Makes the fields an error of this call, and tells of it.
---@param fields table
---@return yuanjing.Error
function Call:fail(fields)
  local err = complete(self, fields)
  self:tell { type = "error", error = err, status = err.status }
  return err
end

--- Its stream has ended, in whatever way.
---@param status integer of HTTP
---@param used? table what the platform said of usage
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

-- A response, an error, or both: a body that broke off.
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

-- Whether a body broke off behind all that it had to say.
local function is_body_whole(request, response)
  return response and request.is_whole and request.is_whole(response.body)
end

-- Of a call that is one request: it is sent again as it is.
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

-- Where nothing is limited, and for what costs nothing.
local FREE = { send = function() end, leave = function() end }

local function new_call(settings)
  return setmetatable({ settings = settings, slot = FREE, attempt = 0,
    has_left = false }, Call)
end

-- What it sends next, as the core takes it; or nil and the error.
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

-- Waits for a turn under the limits of the client: when the call must be over.
-- A total that was given bounds the wait and the call together; else the call's
-- time begins with its turn.
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

-- The last word of whoever sends it, once its turn has come and before a byte
-- leaves: the turn is given back where that says no.
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

-- What is billed is counted before it goes out: nobody who cancels it, or raises
-- in its course, makes it uncounted.
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

--- Sends the request and returns its answer. The answer may have broken off
--- (`failure`): what came of it is kept. In a dry run the description of the
--- request takes the place of the error. Error kinds: all of yuanjing.ErrorKind
--- but task_failed.
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

--- Sends one request of a call that is several.
---@param request yuanjing.Request not a billable one
---@return yuanjing.Response?
---@return yuanjing.Error|yuanjing.DryRun|nil
function Call:send(request)
  local prepared, err = prepare(self, request)
  if not prepared then return nil, err end
  return send_once(self, prepared, self.ends)
end

--- A call of several requests, such as a file that comes in parts: each attempt
--- of the policy sends what it needs. Its time is that of a file.
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
