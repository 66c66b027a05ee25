--- What a conversation has cost: a row for each attempt, whatever became of it.
local dry_run = require "yuanjing.spending.dry_run"

local ledger = {}

---@class yuanjing.LedgerRow
---@field at integer when it was sent, in seconds since 1970
---@field model? string
---@field why "ask"|"repair"|"last" "last" is the one without tools, at max_steps or a limit
---@field step integer which request of its ask it was
---@field attempt integer 1, 2, ... where a refused one was sent again
---@field outcome "open"|"answered"|"refused"|"not_sent"|"failed"|"unknown"|"cancelled"
---@field kind? yuanjing.ErrorKind of what is not answered
---@field id? string of the answer
---@field ended_by? string of the answer
---@field usage? table as the platform told it; nil: unknown

-- What an error means for the account, by its kind: what is in none of these failed
-- somewhere behind the platform's door.
local OUTCOMES = { outcome_unknown = "unknown", cancelled = "cancelled",
  rate_limit = "refused", balance = "refused", auth = "refused",
  invalid_request = "refused", limit = "not_sent" }

-- Nothing of it left where the same call costs nothing a second time.
local UNSENT = { transport = true, timeout = true }

local function outcome_of(err)
  if UNSENT[err.kind] and err.retryable then return "not_sent" end
  return OUTCOMES[err.kind] or "failed"
end

local function close_with_error(row, err)
  if not row or row.outcome ~= "open" then return end
  row.outcome, row.kind = outcome_of(err), err.kind
  row.usage = row.usage or err.usage
end

--- Settings that note each attempt as a row of a ledger. The client's own on_event
--- still gets every event.
---@param rows yuanjing.LedgerRow[]
---@param settings table
---@param about { model?: string, why: string, step: integer }
---@return table settings
---@return { row?: yuanjing.LedgerRow } current
function ledger.watch(rows, settings, about)
  local watched, current, heard = {}, {}, settings.on_event
  for name, value in pairs(settings) do watched[name] = value end
  function watched.on_event(event)
    if event.type == "request" then
      current.row = { at = os.time(), model = about.model, why = about.why,
        step = about.step, attempt = event.attempt, outcome = "open" }
      rows[#rows + 1] = current.row
    elseif event.type == "retry" then
      close_with_error(current.row, event.error)
    end
    if heard then heard(event) end
  end
  return watched, current
end

--- What became of the attempt at hand.
---@param current { row?: yuanjing.LedgerRow }
---@param reply? yuanjing.Reply
---@param err? yuanjing.Error
function ledger.close(current, reply, err)
  local row = current.row
  if not row or row.outcome ~= "open" then return end
  if reply then
    row.outcome, row.usage = "answered", reply.usage
    row.id, row.ended_by = reply.id, reply.ended_by
  elseif err and not dry_run.is(err) then
    close_with_error(row, err)
  else
    row.outcome, row.kind = "cancelled", "cancelled"
  end
end

return ledger
