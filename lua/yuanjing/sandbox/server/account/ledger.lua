--- What each account has bought, in memory of fixed size: the history, and what
-- is left of the balance.
local clock = require "yuanjing.sandbox.server.clock"
local json = require "yuanjing.sandbox.server.json"
local prices = require "yuanjing.sandbox.server.account.prices"

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
  local cents = math.floor(amount * 1e6 + 0.5) -- counters are whole numbers
  memory():incr("spent:" .. (seen.key or ""), cents, 0)
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
    if call and call.key == key then list[#list + 1] = call end
  end
  return list
end

--- What is left of a key's balance.
---@param key string
---@return number
function ledger.balance(key)
  return ledger.BALANCE - (memory():get("spent:" .. key) or 0) / 1e6
end

return ledger
