--- What calls cost, by the prices that the platform told this client
-- (client.account:prices), and by no others: a quote for a dry run, and the limit
-- `cost`. Seen in the platform's public source, not yet confirmed live.
local ascii = require "yuanjing.base.ascii"
local number = require "yuanjing.base.number"

local prices = {}

---@class yuanjing.Quote what a call would cost
---@field mark "known"|"estimated"|"unknown" estimated: by a default of the model's documents
---@field cost? number money, as the account has it
---@field text string in words

--- Remembers what the platform told.
---@param told table<string, yuanjing.Prices>
---@param answer yuanjing.Prices
function prices.remember(told, answer)
  told[answer.model] = answer
end

-- The platform's words for a unit, and what it is counted by.
local UNITS = { call = "call", count = "call", image = "call", video = "call",
  ["次"] = "call", ["张"] = "call", ["个"] = "call",
  second = "second", seconds = "second", s = "second", ["秒"] = "second",
  ["1k_tokens"] = 1e3, ["1m_tokens"] = 1e6, token = 1, tokens = 1,
  ["千tokens"] = 1e3, ["百万tokens"] = 1e6 }

-- The price, if there is one alone, and its unit.
local function single(answer)
  local item = #answer.items == 1 and answer.items[1]
  return item and item.price, item and UNITS[ascii.lower(item.unit)]
end

local function words_of(answer)
  return answer.text and "the platform says: " .. answer.text
    or "the platform names no single price"
end

local function seconds_of(about)
  local params = type(about.params) == "table" and about.params or {}
  local given = params.fields and params.fields.duration
  return number.read(given), number.read(about.seconds)
end

local function quote(cost, mark, text)
  return { cost = cost, mark = mark, text = text }
end

local function of_seconds(price, about, text)
  local given, default = seconds_of(about)
  if not given and not default then return quote(nil, "unknown", text) end
  local cost = price * (given or default)
  return quote(cost, given and "known" or "estimated", text)
end

--- What a call would cost.
---@param told table<string, yuanjing.Prices>
---@param about? yuanjing.About
---@return yuanjing.Quote
function prices.quote(told, about)
  local answer = about and told[about.model or ""]
  if not answer then
    return quote(nil, "unknown", "client.account:prices{ model = } asks for it")
  end
  local price, unit = single(answer)
  if unit == "call" then return quote(price, "known", words_of(answer)) end
  if unit == "second" then return of_seconds(price, about, words_of(answer)) end
  return quote(nil, "unknown", words_of(answer))
end

-- Limits ---------------------------------------------------------------------

local function per_token(told, model)
  local answer = told[model or ""]
  local price, unit = nil, nil
  if answer then price, unit = single(answer) end
  return type(unit) == "number" and price / unit or nil
end

--- What a call is charged before it goes; or nil and why it can not go under a
--- limit of cost. One that is priced by tokens is charged afterwards.
---@param told table<string, yuanjing.Prices>
---@param about? yuanjing.About
---@return number?
---@return string? problem
function prices.before(told, about)
  local found = prices.quote(told, about)
  if found.cost then return found.cost end
  if about and per_token(told, about.model) then return 0 end
  return nil, ("with a limit of cost, what %s costs must be known before: %s")
    :format(about and about.model or "the call", found.text)
end

--- What an answer cost by its tokens; nil: it is not priced so.
---@param told table<string, yuanjing.Prices>
---@param model? string
---@param reported? table usage
---@return number?
function prices.after(told, model, reported)
  local price = per_token(told, model)
  local tokens = price and number.read(reported and reported.total_tokens)
  return tokens and tokens * price or nil
end

return prices
