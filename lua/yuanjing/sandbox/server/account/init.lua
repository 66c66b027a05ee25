--- The account: GET of its history, its balance, and the prices
-- (docs/platform.md#account).
local clock = require "yuanjing.sandbox.server.clock"
local json = require "yuanjing.sandbox.server.json"
local ledger = require "yuanjing.sandbox.server.account.ledger"
local play = require "yuanjing.sandbox.server.play"
local prices = require "yuanjing.sandbox.server.account.prices"

local account = {}

local PAGE = 10 -- as the platform has it, where no other is asked for
local EAST_8 = 8 * 3600 -- its clock is China's, and does not say so

local function time_text(at)
  local whole = math.floor(at)
  return os.date("!%Y-%m-%d %H:%M:%S", whole + EAST_8)
    .. (".%03d"):format(math.floor((at - whole) * 1000))
end

local function row_of(call, spoilt)
  local input = call.input
  if spoilt.nameless then input.transno = nil end
  local row = json.record("id", call.id, "llmid", ngx.md5(call.model):sub(1, 21),
    "use_date", time_text(call.at):sub(1, 10), "use_time", time_text(call.at),
    "userid", ngx.md5(call.key):sub(1, 21),
    "usages", call.usage or json.record(), "ioinfo", "/llmio/" .. call.id,
    "status", call.status, "taskid", call.task or json.null,
    "amount", call.amount, "cost", 0, "accounting_status", "created",
    "io_content", spoilt.unreadable and json.null
      or json.record("input", input, "output", {}))
  return row
end

-- What the history shows by now, and how many calls it says there are.
local function visible(seen)
  local spoilt, list, total = seen.history or {}, {}, 0
  for n, call in ipairs(ledger.calls(seen.key or "")) do
    local is_there = not spoilt.lag or call.at <= clock.now() - spoilt.lag
    local is_lost = spoilt.drop and n % spoilt.drop == 0
    total = total + (is_there and 1 or 0)
    if is_there and not is_lost then list[#list + 1] = call end
  end
  return list, total
end

-- Each call has the number of another one.
local function shift(rows)
  for n, row in ipairs(rows) do
    local other = rows[n % #rows + 1]
    row.shifted = other.io_content.input.transno
  end
  for _, row in ipairs(rows) do
    row.io_content.input.transno, row.shifted = row.shifted, nil
  end
end

---@param seen yuanjing.sandbox.Seen
function account.history(seen)
  local spoilt, rows = seen.history or {}, {}
  local calls, total = visible(seen)
  local size = tonumber(seen.query.pagerows) or PAGE
  local page = tonumber(seen.query.page) or 1
  for n = (page - 1) * size + 1, math.min(page * size, #calls) do
    rows[#rows + 1] = row_of(calls[n], spoilt)
  end
  if spoilt.shifted then shift(rows) end
  return play.json(200, json.record("success", true, "rows", rows,
    "total", total, "page", page, "page_size", size))
end

---@param seen yuanjing.sandbox.Seen
function account.balance(seen)
  return play.json(200, json.record("status", "ok", "data", {
    json.record("account", "元境", "balance", ledger.balance(seen.key or "")) }))
end

---@param seen yuanjing.sandbox.Seen
function account.prices(seen)
  local model = seen.query.model
  if not model or model == "" then
    return play.json(200, json.record("status", "error",
      "message", "model parameter required"))
  end
  local document = prices.document(model)
  if not document then
    return play.json(200, json.record("status", "error", "message",
      ("model '%s' not found or has no pricing"):format(model)))
  end
  return play.json(200, json.record("status", "ok", "data", document))
end

return account
