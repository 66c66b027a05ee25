--- Finds out what became of calls whose outcome is unknown: reads the history of
-- the account until it shows the outcome, or the time is over. It never sends a call
-- again. Seen in the platform's public source, not yet confirmed live: a history
-- that is refused, empty, moved or of another shape leaves the outcome unknown,
-- with the reason.
local account = require "yuanjing.protocol.account"
local check = require "yuanjing.base.check"
local dry_run = require "yuanjing.spending.dry_run"
local loop = require "yuanjing.runtime.loop"
local protocols = require "yuanjing.protocol"
local task = require "yuanjing.task.task"
local verdict = require "yuanjing.account.verdict"

local settle = {}

local TIMEOUT = 90
local PAGES = 50 -- of the history that are read at a time
local FIRST, LONGEST = 1, 5 -- seconds between two readings

---@class (exact) yuanjing.SettleOptions
---@field timeout? number seconds (90); the history may lag

---@class yuanjing.Settled
---@field outcome "billed"|"not_received"|"still_unknown"
---@field reason? string why it is still unknown, or what else is known
---@field task? yuanjing.Task of one that was billed, where the history names it
---@field status? string of it in the history, in capitals
---@field usage? table as the history has it
---@field amount? number money that it cost, as the history has it

--- What settling takes.
settle.OPTIONS = { timeout = { "number", least = 0,
  what = "a number of seconds" } }

-- Reading ----------------------------------------------------------------------

-- Errors that another try may not have.
local PASSING = { timeout = true, transport = true, server = true,
  rate_limit = true, truncated = true }

local function earliest(wanted)
  local first = math.huge
  for _, call in ipairs(wanted) do first = math.min(first, call.at) end
  return first
end

-- NB: the platform may have pages of another size than was asked for, so a short
-- one proves nothing.
local function is_last(page, evidence)
  return #page == 0 or page.total ~= nil and #evidence.calls >= page.total
end

-- Reads the history back to the first of the calls.
local function read(settings, wanted, known, ends)
  local evidence, since = verdict.evidence(wanted, known), earliest(wanted)
  for number = 1, PAGES do
    local page, err = account.history(settings, number, nil,
      math.max(1, ends - loop.now()))
    if not page then return nil, err end
    local before = #evidence.calls
    verdict.add(evidence, page)
    evidence.is_whole = is_last(page, evidence)
    if verdict.reaches(evidence, since) or #evidence.calls == before then break end
  end
  return evidence
end

-- Deciding ---------------------------------------------------------------------

local function judge(evidence, wanted, settled)
  local is_open, now = false, os.time()
  for n, call in ipairs(wanted) do
    if not (settled[n] and settled[n].is_over) then
      local found = verdict.of(evidence, call, now)
      found.is_over = found.is_found or found.outcome == "not_received"
      settled[n] = found
      is_open = is_open or not found.is_over
    end
  end
  return is_open
end

local function all_unknown(wanted, settled, err)
  for n in ipairs(wanted) do
    if not (settled[n] and settled[n].is_over) then
      settled[n] = { outcome = "still_unknown",
        reason = "the history can not be read: " .. err.message }
    end
  end
end

--- Settles calls: what is known of each, in their order; and the error of a
--- history that can not be read. Calls that the platform is known to have are
--- `known`.
---@param wanted yuanjing.WantedCall[]
---@param known yuanjing.KnownCall[]
---@param timeout? number seconds
---@return table[] settled
---@return yuanjing.Error? err
function settle.calls(settings, wanted, known, timeout)
  local settled, pause = {}, FIRST
  if #wanted == 0 then return settled end
  loop.check_wait()
  local ends = loop.now() + (timeout or TIMEOUT)
  while true do
    local evidence, err = read(settings, wanted, known, ends)
    if err and dry_run.is(err) then return settled, err end
    local is_open = not evidence or judge(evidence, wanted, settled)
    if err then all_unknown(wanted, settled, err) end
    local is_final = err and not PASSING[err.kind]
    local left = ends - loop.now()
    if not is_open or is_final or left <= 0 then return settled, err end
    loop.sleep(math.min(pause, left))
    pause = math.min(LONGEST, pause * 1.5)
  end
end

-- What a user gets: without what only this room needs.
local function shown(settings, wanted, found)
  local settled = { outcome = found.outcome, reason = found.reason,
    status = found.status, usage = found.usage, amount = found.amount }
  if found.task then
    settled.task = task.new(settings, protocols.of(settings),
      { id = found.task, status = found.status },
      { model = wanted.model, category = wanted.category })
  end
  return settled
end

--- Settles one call: see yuanjing.Error:settle.
---@param wanted yuanjing.WantedCall
---@param options? yuanjing.SettleOptions
---@return yuanjing.Settled|yuanjing.DryRun
---@return yuanjing.Error? err of a history that could not be read
function settle.call(settings, wanted, options)
  check.options("err:settle", options or {}, settle.OPTIONS, 3)
  local known = type(settings.reconcile) == "table" and settings.reconcile or {}
  local settled, err = settle.calls(settings, { wanted }, known,
    options and options.timeout)
  if err and dry_run.is(err) then return err end
  return shown(settings, wanted, settled[1]), err
end

return settle
