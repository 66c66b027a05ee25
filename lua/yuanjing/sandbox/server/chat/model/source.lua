--- Takes values out of a text one by one: numbers, quoted texts, clauses, and the
-- object of a verb. Each is taken once.
local words = require "yuanjing.sandbox.server.chat.model.words"

local source = {}

---@class yuanjing.sandbox.Spoken
---@field text string
---@field numbers string the text without dates and times
---@field root table the schema that all is for
---@field words table<string, integer>
---@field keys table<string, integer> words that need no value
---@field is_complete? boolean every property gets a value
---@field used table<string, integer> how many of a sort are taken
---@field taken table<string, boolean> texts that are values already

-- Chinese marks as ASCII ones: a set in a pattern is one of bytes.
local MARKS = { ["，"] = ",", ["。"] = ".", ["！"] = "!", ["？"] = "?", ["："] = ":",
  ["；"] = ";", ["、"] = ",", ["“"] = '"', ["”"] = '"', ["「"] = '"', ["」"] = '"',
  ["《"] = '"', ["》"] = '"' }

local function normal(text)
  for mark, plain in pairs(MARKS) do text = text:gsub(mark, plain) end
  return text
end

-- The figures of dates and times are no numbers.
local function without_dates(text)
  local function blank(date) return (" "):rep(#date) end
  return (text:gsub("%d%d%d%d%-%d%d?%-%d%d?", blank):gsub("%d?%d:%d%d", blank))
end

---@param text string
---@param root table
---@param keys table<string, integer>
---@return yuanjing.sandbox.Spoken
function source.new(text, root, keys)
  text = normal(text)
  return { text = text, root = root, words = words.of(text), keys = keys,
    numbers = without_dates(text), used = {}, taken = {} }
end

--- The same for a part of the text.
function source.part(given, text)
  local part = source.new(text, given.root, given.keys)
  part.is_complete = given.is_complete
  return part
end

-- The next of a sort: `find(text, position)` gives where it ends, and itself.
local function take(given, sort, text, find)
  local value, ends = find(text, given.used[sort] or 1)
  if value ~= nil then given.used[sort] = ends end
  return value
end

-- Numbers ------------------------------------------------------------------

local NUMERALS = { ["一"] = 1, ["二"] = 2, ["两"] = 2, ["三"] = 3, ["四"] = 4,
  ["五"] = 5, ["六"] = 6, ["七"] = 7, ["八"] = 8, ["九"] = 9, ["十"] = 10,
  one = 1, two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, eight = 8,
  nine = 9, ten = 10 }

local function digits(text, position)
  local first, last, number = text:find("(%-?%d+%.?%d*)", position)
  local ending = first and text:sub(first, last):match("%.$") and last - 1 or last
  return first and tonumber((number:gsub("%.$", ""))), ending and ending + 1
end

local function numeral(text, position)
  local first, found = math.huge, nil
  for word in pairs(NUMERALS) do
    local pattern = word:find("^%a") and "%f[%a]" .. word .. "%f[%A]" or word
    local at = text:lower():find(pattern, position)
    if at and at < first then first, found = at, word end
  end
  return found and NUMERALS[found], found and first + #found
end

--- The next number; those in figures count before those in words.
---@return number?
function source.number(given)
  return take(given, "digits", given.numbers, digits) or
    take(given, "numeral", given.text, numeral)
end

-- Texts --------------------------------------------------------------------

--- The next text in quotes.
---@return string?
function source.quoted(given)
  return take(given, "quoted", given.text, function(text, position)
    local _, last, inside = text:find('"([^"]+)"', position)
    return inside, last and last + 1
  end)
end

local function trimmed(text)
  return text:match("^%s*(.-)%s*$")
end

local function clauses_of(text)
  local list = {}
  for part in text:gmatch("[^,;.!?\n]+") do
    local clause = trimmed(part)
    if clause ~= "" then list[#list + 1] = clause end
  end
  return list
end

--- The next clause that says more than what is taken, and more than a number.
---@return string?
function source.clause(given)
  local clauses = clauses_of(given.text)
  for n = (given.used.clause or 0) + 1, #clauses do
    given.used.clause = n
    local clause = clauses[n]
    if not given.taken[clause] and not clause:find("^[%d%s]") then
      return clause
    end
  end
end

local function items_of(text)
  text = text:gsub(" and ", ","):gsub("和", ","):gsub("以及", ",")
  return clauses_of(text)
end

-- Whether a value was taken out of an item.
local function is_used(given, item)
  for value in pairs(given.taken) do
    if item:find(value, 1, true) then return true end
  end
  return item:find("^%d") ~= nil
end

--- The items that the text lists: behind a colon, if there is one. Those that are
--- no other value yet, if there are any.
---@return string[]
function source.items(given)
  local all = items_of(given.text:match(":(.+)$") or given.text)
  local free = {}
  for _, item in ipairs(all) do
    if not is_used(given, item) then free[#free + 1] = item end
  end
  return #free > 0 and free or all
end

-- The end of the first word that chose the tool.
local function end_of_key(given)
  local first = math.huge
  for key, position in pairs(given.keys) do
    local at = given.words[key]
    if at and position then first = math.min(first, at) end
  end
  if first == math.huge then return nil end
  return first + words.length_at(given.text, first)
end

--- What stands behind the word that chose the tool, up to the end of its clause.
---@return string?
function source.object(given)
  local from = end_of_key(given)
  if not from or given.used.object then return nil end
  given.used.object = from
  local rest = given.text:sub(from):match("^[^,;.!?\n]*")
  rest = rest:gsub(" and then .*$", ""):gsub(" then .*$", ""):gsub("然后.*$", "")
  rest = trimmed(rest:gsub("^一下", ""))
  return rest ~= "" and rest or nil
end

return source
