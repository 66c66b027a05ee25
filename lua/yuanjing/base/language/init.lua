--- The language of texts for people: the command's, and the hints of errors. The
-- code has the English texts; the files in zh/ have the Chinese one of each, by
-- the English one. Nothing that a program reads is translated: JSON, kinds, names.
local ascii = require "yuanjing.base.ascii"
local lazy = require "yuanjing.base.lazy"

local language = {}

--- The languages that there are.
language.NAMES = { "en", "zh" }

-- The first that is set decides, as in POSIX: LC_ALL=C means English even if
-- LANG is Chinese.
local VARIABLES = { "LC_ALL", "LC_MESSAGES", "LANG" }

local TABLES = { "hints", "messages", "help", "command", "usage" }

local chosen -- by language.choose()
local texts -- the Chinese texts by the English ones, once they are needed

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- The language that a locale or a tag names, such as zh_CN.UTF-8, zh-Hans, en;
--- nil for another one.
---@param locale string
---@return "en"|"zh"|nil
function language.of(locale)
  local name = locale:match("^([A-Za-z]+)$") or locale:match("^([A-Za-z]+)[-_.@]")
  name = name and ascii.lower(name)
  for _, known in ipairs(language.NAMES) do
    if name == known then return known end
  end
end

-- What the locale says. C and POSIX are locales of no language.
local function of_locale()
  for _, name in ipairs(VARIABLES) do
    local locale = variable(name)
    if locale and (locale == "C" or locale:find("^C[^A-Za-z]")) or locale == "POSIX" then break end
    if locale then return language.of(locale) or "en", "$" .. name end
  end
  return "en", "default"
end

--- The language in force, and where that is said. `configured` is what a file of
--- the user says: it beats the locale, and YUANJING_LANG beats it.
---@param configured? string
---@return "en"|"zh" name
---@return string source
function language.find(configured)
  local own = variable "YUANJING_LANG"
  if own then return language.of(own) or "en", "$YUANJING_LANG" end
  if configured then return language.of(configured) or "en", "file" end
  return of_locale()
end

--- Sets the language for this program; nil: what the environment says.
---@param name "en"|"zh"|nil
function language.choose(name)
  chosen = name
end

---@return "en"|"zh"
function language.name()
  chosen = chosen or language.find()
  return chosen
end

-- A table that can not be loaded (no descriptor is left) leaves its texts in
-- English.
local function load_texts()
  local all = {}
  for _, name in ipairs(TABLES) do
    local ok, part = pcall(lazy.load, "yuanjing.base.language.zh." .. name)
    for english, chinese in pairs(ok and part or {}) do all[english] = chinese end
  end
  return all
end

--- The text in the language of the reader, with the values in its places.
---@param english string a format if there are values, as for string.format
---@param ... string|number
---@return string
function language.say(english, ...)
  local text = english
  if language.name() == "zh" then
    texts = texts or load_texts()
    text = texts[english] or english
  end
  return select("#", ...) > 0 and text:format(...) or text
end

return language
