--- What each account has bought, in memory of fixed size: the history, and what
-- is left of the balance.
local clock = require "yuanjing.sandbox.server.clock"
local json = require "yuanjing.sandbox.server.json"
local prices = require "yuanjing.sandbox.server.account.prices"
local tasks = require "yuanjing.sandbox.server.media.tasks"

local ledger = {
  --- What an account has at first.
  BALANCE = 100,
}

local MOST = 5000 -- calls that are kept

local function memory()
  return ngx.shared.sandbox
end

-- As the platform's 21 characters: nothing in them means anything.
local function new_id(number)
  return ngx.md5(("call %d"):format(number)):sub(1, 21)
end

--- Records a call that was taken: what it costs is gone.
---@param seen yuanjing.sandbox.Seen
---@param about { model: string, kind: string, task?: string, usage?: table }
function ledger.add(seen, about)
  if seen.unrecorded then return end
  local number = memory():incr("ledger", 1, 0)
  local amount = prices.of_call(about.model, about.kind, seen.fields,
    about.usage)
  local call = json.record("id", new_id(number), "key", seen.key or "",
    "at", clock.now(), "model", about.model, "amount", amount,
    "input", seen.fields)
  call.task, call.usage = about.task, about.usage
  memory():set("call:" .. number, json.encode(call))
  memory():delete("call:" .. (number - MOST))
end

-- A call as it stands: a task that failed costs nothing.
local function stand_of(call)
  local task = call.task and tasks.find(call.task)
  if not task then
    call.status = "SUCCEEDED"
    return call
  end
  local word, _, outcome = tasks.stage(task)
  call.status, call.amount = word, outcome == "failed" and 0 or call.amount
  return call
end

--- The calls of a key, the newest first.
---@param key string
---@return table[]
function ledger.calls(key)
  local list = {}
  local last = memory():get("ledger") or 0
  for number = last, math.max(1, last - MOST + 1), -1 do
    local text = memory():get("call:" .. number)
    local call = text and json.decode(text)
    if call and call.key == key then list[#list + 1] = stand_of(call) end
  end
  return list
end

--- What is left of a key's balance.
---@param key string
---@return number
function ledger.balance(key)
  local left = ledger.BALANCE
  for _, call in ipairs(ledger.calls(key)) do left = left - call.amount end
  return left
end

return ledger
