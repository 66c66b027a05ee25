--- The account on the wire: the history of its calls, its balance, prices
-- (docs/platform.md#account). Seen in the platform's public source, not yet
-- confirmed live: so an answer of another shape is an error, never an empty
-- list.
local categories = require "yuanjing.protocol.category"
local envelope = require "yuanjing.protocol.answer.envelope"
local json = require "yuanjing.base.json"
local number = require "yuanjing.base.number"
local reading = require "yuanjing.protocol.answer.reading"
local record = require "yuanjing.protocol.answer.record"
local transno = require "yuanjing.protocol.transno"
local words = require "yuanjing.protocol.task.words"

local PATHS = require("yuanjing.protocol.endpoints").account

local account = {
  --- Calls on a page of the history. The platform may have its own mind.
  PAGE = 100,
}

local function unreadable(what)
  return nil, { kind = "decode", message = "the answer " .. what }
end

-- Lists ----------------------------------------------------------------------

local function is_list(value)
  return type(value) == "table" and json.is_list(value)
    and (value[1] == nil or json.is_object(value[1]))
end

-- The list in a document, and the object that it stands in.
local function list_in(document, names)
  for _, place in ipairs { document, document.data } do
    for _, name in ipairs(json.is_object(place) and names or {}) do
      if is_list(place[name]) then return place[name], place end
    end
  end
end

-- A list that came with a refusal is none.
local function is_refused(document)
  local status = words.status(document.status)
  return document.success == false
    or status and words.meaning(status) == "failed"
end

local function failure_of(document)
  return envelope.failure(document) or is_refused(document)
    and { kind = "platform", message = "the platform gave no reason" } or nil
end

-- History ----------------------------------------------------------------------

local DAY_SECONDS = 86400

-- Days from 1970-01-01 to that date of the Gregorian calendar.
local function days_to(year, month, day)
  if month < 3 then year, month = year - 1, month + 12 end
  return 365 * year + math.floor(year / 4) - math.floor(year / 100)
    + math.floor(year / 400) + math.floor((153 * (month - 3) + 2) / 5) + day
    - 719469
end

local function zone_of(text)
  if text:find("^[Zz]") then return 0 end
  local sign, hours, minutes = text:match("^([+-])(%d%d):?(%d%d)$")
  if not sign then return nil end
  return (sign == "-" and -60 or 60) * (hours * 60 + minutes)
end

-- Seconds since 1970, and whether the text names its zone; without one it is
-- read as UTC.
local function time_of(value)
  if type(value) == "number" then
    return value > 1e11 and value / 1000 or value, true
  end
  if type(value) ~= "string" then return nil end
  local year, month, day, hour, minute, second, rest = value:match(
    "^(%d%d%d%d)-(%d%d?)-(%d%d?)[ T](%d%d?):(%d%d):(%d%d)(.*)$")
  if not year then return nil end
  local zone = zone_of((rest:gsub("^%.%d+", "")))
  return days_to(year + 0, month + 0, day + 0) * DAY_SECONDS + hour * 3600
    + minute * 60 + second - (zone or 0), zone ~= nil
end

-- A field that may be JSON in a string.
local function object_of(value)
  if type(value) == "string" then value = json.decode(value) end
  return json.is_object(value) and value or nil
end

local function amount_of(value)
  return number.read(value)
end

local TIMES = { "use_time", "time", "created_at", "create_time" }
local USAGES = { "usages", "usage" }
local CONTENTS = { "io_content", "ioinfo" }

local function first_object(fields, names)
  for _, name in ipairs(names) do
    local found = object_of(fields[name])
    if found then return found end
  end
end

local function input_of(row)
  local content = first_object(row, CONTENTS)
  return content and object_of(content.input) or nil
end

---@class yuanjing.HistoryCall a call of the account, as the platform's history has it
---@field id? string of the entry
---@field transno? string the number that the caller gave it
---@field task? string the id of its task
---@field status? string in capitals
---@field model? string
---@field category? string
---@field time? number Unix time; as UTC where `is_zoned` is false
---@field is_zoned boolean the platform said in which zone the time is
---@field local_time? string the time as the platform writes it
---@field usage? table
---@field amount? number money that it cost
---@field input? table what was asked for; nil: the platform does not tell it
---@field raw table the platform's own entry

local function read_row(row)
  local input = input_of(row)
  local asked = input or {}
  local when = nil
  for _, name in ipairs(TIMES) do when = when or row[name] end
  local time, is_zoned = time_of(when)
  return { id = record.word(row.id),
    transno = record.word(row[transno.FIELD] or asked[transno.FIELD]),
    task = record.first_word(row, { "taskid", "task_id" }),
    status = words.status(row.status),
    model = record.word(row.model) or record.word(asked.model),
    category = record.word(asked[categories.FIELD]),
    time = time, is_zoned = is_zoned or false, local_time = record.word(when),
    usage = first_object(row, USAGES), amount = amount_of(row.amount),
    input = input, raw = row }
end

-- What tells an entry of the history from any other record.
local SIGNS = { "use_time", "usages", "io_content", "ioinfo", "taskid",
  "llmid", transno.FIELD }

local function is_call(row)
  for _, name in ipairs(SIGNS) do
    if row[name] ~= nil then return true end
  end
  return false
end

---@class yuanjing.History
---@field [integer] yuanjing.HistoryCall the newest first
---@field page integer
---@field total? integer calls on all pages
---@field page_size? integer calls

local function read_history(document)
  local list, place = list_in(document, { "rows", "data", "list", "items" })
  local failure = not list and failure_of(document) or is_refused(document)
    and failure_of(document)
  if failure then return nil, failure end
  if not list then return unreadable("has no list of calls") end
  local history = { total = number.read(place.total),
    page_size = number.read(place.page_size) }
  for n, row in ipairs(list) do
    if not json.is_object(row) or not is_call(row) then
      return unreadable("is a list of something else than calls")
    end
    history[n] = read_row(row)
  end
  return history
end

local function ask(settings, request, read)
  request.method = "GET"
  local answer, err = reading.fetch_answer(settings, request, read)
  return answer, err -- not the pause between two queries
end

--- A page of the history.
---@param page integer from 1
---@param category? string
---@param seconds? number that it may take
---@return yuanjing.History?
---@return yuanjing.Error?
function account.history(settings, page, category, seconds)
  local history, err = ask(settings, { path = PATHS.history, total = seconds,
    query = { page = page, pagerows = account.PAGE,
      ["llm" .. categories.FIELD] = category and categories.named(category) } },
    read_history)
  if history then history.page = page end
  return history, err
end

-- The fields that the platform fills in itself, or that say nothing of what was
-- asked for.
local NOT_ASKED = { [transno.FIELD] = true }

--- What a call of the history asked for, without the number.
---@param input table
---@return table
function account.asked(input)
  local fields = {}
  for name, value in pairs(input) do
    if not NOT_ASKED[name] then fields[name] = value end
  end
  return fields
end

--- What the status of a call of the history means.
---@param call yuanjing.HistoryCall
---@return "going"|"failed"|"succeeded"|nil
function account.meaning(call)
  return call.status and words.meaning(call.status)
end

-- Balance ----------------------------------------------------------------------

---@class yuanjing.Balance
---@field balance number money that is left, of all accounts
---@field accounts { account?: string, balance: number }[] each with its money
---@field raw table the platform's own document

local function read_account(item)
  local left = json.is_object(item) and number.read(item.balance)
  return left and { account = record.word(item.account), balance = left }
end

local function read_balance(document)
  local failure = failure_of(document)
  if failure then return nil, failure end
  local list = list_in(document, { "data", "rows" })
  if not list and json.is_object(document.data) then list = { document.data } end
  if not list and document.balance ~= nil then list = { document } end
  if not list or #list == 0 then return unreadable("names no balance") end
  local sum = { balance = 0, accounts = {}, raw = document }
  for n, item in ipairs(list) do
    local found = read_account(item)
    if not found then return unreadable("names no balance") end
    sum.accounts[n], sum.balance = found, sum.balance + found.balance
  end
  return sum
end

--- What is left.
---@return yuanjing.Balance?
---@return yuanjing.Error?
function account.balance(settings)
  return ask(settings, { path = PATHS.balance }, read_balance)
end

-- Prices -----------------------------------------------------------------------

---@class yuanjing.Price
---@field unit string call, second, 1k_tokens, 1m_tokens, character; as the platform has it where it is another word
---@field price number money for one of these
---@field text? string the platform's own words

---@class yuanjing.Prices of a model
---@field model string
---@field name? string
---@field type? string how it is priced, in the platform's word
---@field text? string the platform's own words
---@field items yuanjing.Price[] those that name a number; may be empty
---@field raw table the platform's own document

local PRICES = { "price", "unit_price", "amount" }
local UNITS = { "unit", "price_unit" }

local function read_price(item)
  local price
  for _, name in ipairs(PRICES) do price = price or amount_of(item[name]) end
  if not price or price < 0 then return nil end
  return { price = price, unit = record.first_word(item, UNITS) or "",
    text = record.first_word(item, { "display_text", "name", "text" }) }
end

local function read_prices(document)
  local failure = failure_of(document)
  if failure then return nil, failure end
  local data = json.is_object(document.data) and document.data or document
  local text = record.word(data.display_text)
  local list = is_list(data.items) and data.items
  if not list and not text then return unreadable("names no price") end
  local prices = { name = record.word(data.name),
    type = record.word(data.pricing_type), text = text, items = {},
    raw = document }
  for _, item in ipairs(list or {}) do
    prices.items[#prices.items + 1] = read_price(item)
  end
  return prices
end

--- What a model costs.
---@param model string
---@param category? string
---@return yuanjing.Prices?
---@return yuanjing.Error?
function account.prices(settings, model, category)
  local prices, err = ask(settings, { path = PATHS.prices, query = {
    model = model, [categories.FIELD] = category
      and categories.named(category) } }, read_prices)
  if prices then prices.model = model end
  return prices, err
end

--- Seconds since 1970 of a time as the history has it, and whether it names its
--- zone.
account.time_of = time_of

return account
