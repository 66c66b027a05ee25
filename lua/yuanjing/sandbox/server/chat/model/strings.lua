--- Texts for a schema: by its format, by the name of the property, else a part of
-- what was said that is no other value yet.
local chat_text = require "yuanjing.sandbox.server.chat.text"
local source = require "yuanjing.sandbox.server.chat.model.source"
local words = require "yuanjing.sandbox.server.chat.model.words"

local strings = {}

local DAY = 86400

-- Days ---------------------------------------------------------------------

local DAYS = { { "后天", 2 }, { "明天", 1 }, { "昨天", -1 }, { "今天", 0 },
  { "day after tomorrow", 2 }, { "tomorrow", 1 }, { "yesterday", -1 },
  { "today", 0 } }

local function date(given)
  local told = given.text:match("%d%d%d%d%-%d%d%-%d%d")
  if told then return told end
  for _, day in ipairs(DAYS) do
    if given.text:lower():find(day[1], 1, true) then
      return os.date("!%Y-%m-%d", ngx.time() + day[2] * DAY)
    end
  end
end

local function clock(given)
  return given.text:match("%d?%d:%d%d")
end

local function today()
  return os.date("!%Y-%m-%d", ngx.time())
end

-- Places and names ---------------------------------------------------------

local CITIES = { "北京", "上海", "广州", "深圳", "杭州", "成都", "南京", "武汉", "西安",
  "重庆", "天津", "苏州", "香港", "台北", "巴黎", "伦敦", "东京", "纽约", "柏林", "罗马",
  "悉尼", "莫斯科", "首尔", "新加坡", "Beijing", "Shanghai", "Paris", "London",
  "Tokyo", "New York", "Berlin", "Rome", "Sydney", "Moscow", "Seoul",
  "Singapore", "Hong Kong", "San Francisco" }

local function city(given)
  local first, found = math.huge, nil
  for _, name in ipairs(CITIES) do
    local at = given.text:find(name, 1, true)
    if at and at < first then first, found = at, name end
  end
  return found or given.text:match("[Ii]n (%u%l+)") or
    given.text:match("[Tt]o (%u%l+)") or given.text:match("[Ff]or (%u%l+)") or
    given.text:match("at (%u%l+)") or given.text:match("在([\228-\233]" ..
      "[\128-\191][\128-\191][\228-\233][\128-\191][\128-\191])")
end

local TWO_WIDE = "([\228-\233][\128-\191][\128-\191][\228-\233][\128-\191]" ..
  "[\128-\191])"

-- The first word with a capital that may be a name, and such a one behind it.
local function capitalised(given)
  for word, behind in given.text:gmatch("%f[%a](%u%l+)%f[%A]()") do
    if not words.is_common(word) then
      return word .. (given.text:match("^ %u%l+", behind) or "")
    end
  end
end

local function person(given)
  return given.text:match("叫" .. TWO_WIDE) or given.text:match("姓名:%s*([^,;.%s]+)")
    or given.text:match("[Nn]amed? (%u%a+)") or
    given.text:match("[Nn]ame is (%u%a+)") or
    given.text:match("[Nn]ame:%s*(%u%a+)") or
    given.text:match("^" .. TWO_WIDE .. ",") or
    given.text:match("^" .. TWO_WIDE .. "%s") or capitalised(given)
end

local function id(given)
  return given.text:match("%f[%w][%w-]*%d[%w-]*")
end

-- By the whole name of a property.
local EXACT = {
  from = function(given) return given.text:match("[Ff]rom (%u%l+)") end,
  to = function(given)
    return given.text:match("[%w._-]+@[%w.-]+%w") or
      given.text:match("[Tt]o (%u%l+)")
  end,
  id = id, code = id, number = id,
  expression = function(given)
    return given.text:match("[%d(][%d%s%.%+%-%*/%^%%()]*[%d)]")
  end,
}

-- By what the name of a property has in it.
local BY_NAME = {
  { "email", function(given) return given.text:match("[%w._-]+@[%w.-]+%w") end },
  { "mail", function(given) return given.text:match("[%w._-]+@[%w.-]+%w") end },
  { "url", function(given) return given.text:match("https?://[%w./?=&_%%-]+") end },
  { "phone", function(given) return given.text:match("%+?%d[%d -]+%d") end },
  { "city", city }, { "location", city }, { "place", city }, { "城市", city },
  { "地点", city }, { "destination", city },
  { "date", date }, { "day", date }, { "日期", date },
  { "time", clock }, { "时间", clock },
  { "person", person }, { "name", person }, { "姓名", person }, { "名字", person },
  { "author", person },
}

local function by_name(given, name)
  local small = (name or ""):lower()
  local exact = EXACT[small] or small:find("[_ ]id$") and id
  if exact then return exact(given), true end
  for _, row in ipairs(BY_NAME) do
    if small:find(row[1], 1, true) then return row[2](given), true end
  end
end

local FORMATS = {
  date = function(given) return date(given) or today() end,
  ["date-time"] = function(given)
    return ("%sT%s:00Z"):format(date(given) or today(),
      ("0" .. (clock(given) or "0:00")):sub(-5))
  end,
  time = function(given)
    return ("0" .. (clock(given) or "0:00")):sub(-5) .. ":00Z"
  end,
  email = function(given)
    return given.text:match("[%w._-]+@[%w.-]+%w") or "someone@example.com"
  end,
  uri = function(given)
    return given.text:match("https?://[%w./?=&_%%-]+") or "https://example.com/"
  end,
  uuid = function(given)
    local hex = ngx.md5(given.text)
    return ("%s-%s-4%s-8%s-%s"):format(hex:sub(1, 8), hex:sub(9, 12),
      hex:sub(14, 16), hex:sub(18, 20), hex:sub(21, 32))
  end,
}

-- Lengths ------------------------------------------------------------------

local function fitted(whole, schema)
  local characters = chat_text.characters(whole)
  local most, least = tonumber(schema.maxLength), tonumber(schema.minLength)
  if most and #characters > most then
    return table.concat(characters, "", 1, most)
  end
  return whole .. (" "):rep(least and least - #characters or 0):gsub(" ", ".")
end

local EXCERPT = 60 -- characters

local function excerpt(given)
  local characters = chat_text.characters((given.text:gsub("%s+", " ")))
  local short = table.concat(characters, "", 1, math.min(#characters, EXCERPT))
  return short:match("^%s*(.-)%s*$")
end

--- A text that fits | nil: none was told, and none is needed.
---@param schema table
---@param given yuanjing.sandbox.Spoken
---@param is_needed boolean?
---@param name? string of the property
---@return string?
function strings.value(schema, given, is_needed, name)
  local format = FORMATS[schema.format]
  if format then return is_needed and format(given) or nil end
  local value, is_special = by_name(given, name)
  if not value and (is_needed or not is_special) then
    value = source.quoted(given)
  end
  if not value and not is_needed then return schema.default end
  value = value or schema.default or source.object(given) or
    source.clause(given) or excerpt(given)
  if type(value) ~= "string" then value = excerpt(given) end
  given.taken[value] = true
  return fitted(value, schema)
end

return strings
