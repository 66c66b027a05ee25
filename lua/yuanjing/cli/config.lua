--- The settings of the user of the command: options, then the environment, then a
-- file, ~/.config/yuanjing/config.json. The library does not read that file.
local address = require "yuanjing.http.address"
local ascii = require "yuanjing.base.ascii"
local check = require "yuanjing.base.check"
local core = require "yuanjing.core"
local document = require "yuanjing.cli.document"
local errors = require "yuanjing.errors"
local files = require "yuanjing.base.files"
local json = require "yuanjing.base.json"
local language = require "yuanjing.base.language"
local protocols = require "yuanjing.protocol"
local shell = require "yuanjing.sandbox.shell"

local config = {}

local say = language.say

local IS_WINDOWS = not shell.is_here
local ABSOLUTE = IS_WINDOWS and "^[A-Za-z]?:?[/\\]" or "^/"

--- The commands that have a default model in the file.
config.MODELS = { "chat", "image", "video", "speak", "transcribe" }

local MODELS = {}
for _, name in ipairs(config.MODELS) do MODELS[name] = "string" end

local RULES = {
  base_url = "string", asset_url = "string", api_key = "string",
  api = { "string", one_of = protocols.NAMES },
  lang = { "string", one_of = language.NAMES },
  models = { "table", fields = MODELS },
}

-- Reading --------------------------------------------------------------------

local function variable(name)
  local value = core.variable(name) or os.getenv(name)
  return value ~= "" and value or nil
end

-- The folder of all programs' settings. A relative XDG_CONFIG_HOME is to be
-- ignored (XDG Base Directory Specification).
local function folder()
  local named = variable "XDG_CONFIG_HOME"
  if named and named:find(ABSOLUTE) then return named end
  if IS_WINDOWS and variable "APPDATA" then return variable "APPDATA" end
  local home = variable "HOME"
  return home and home .. "/.config"
end

--- Where the file is, or would be; nil without a home.
---@return string?
function config.path()
  local there = folder()
  return there and there .. "/yuanjing/config.json"
end

local function wrong(path, problem)
  return nil, errors.new { kind = "invalid_request", attempts = 0,
    message = ("%s: %s"):format(path, problem),
    hint = say "`yuanjing config` shows what is in force" }
end

-- What is in the file; {} without one; or nil and an error.
local function read(path)
  local text = path and files.read(path)
  if not text then return {} end
  local value, problem = json.decode(text)
  if type(value) ~= "table" then
    return wrong(path, problem or say "a JSON object is expected")
  end
  problem = check.problem(value, RULES)
  if problem then return wrong(path, problem) end
  return value
end

-- Whether nobody but its owner can read the file. On Windows the folder is the
-- user's alone.
local function is_private(path)
  if IS_WINDOWS then return true end
  local listed = shell.read('LC_ALL=C ls -ldL -- "$1" 2>/dev/null', path)
  return listed:find("^%-...%-%-%-%-%-%-") ~= nil
end

--- The file's settings, without a key that others could read: then `is_open` is
--- true. Nil and an error if the file has mistakes.
---@return table?
---@return yuanjing.Error?
function config.read()
  local path = config.path()
  local found, err = read(path)
  if not found then return nil, err end
  if found.api_key and not is_private(path) then
    found.api_key, found.is_open = nil, true
  end
  return found
end

--- The language that the file names; a file with mistakes names none.
---@return string?
function config.language()
  local found = read(config.path())
  return found and found.lang
end

-- In force -------------------------------------------------------------------

local ROWS = {
  { name = "api_key", variable = "YUANJING_API_KEY" },
  { name = "base_url", variable = "YUANJING_BASE_URL", option = "--base-url",
    default = "https://opencomputing.ai" },
  { name = "asset_url", variable = "YUANJING_ASSET_URL",
    option = "--asset-url", default = "https://token.opencomputing.cn" },
  { name = "api", option = "--api", default = "v1" },
}

---@class yuanjing.cli.Setting
---@field name string
---@field value? string
---@field source? string "--base-url", "$YUANJING_BASE_URL", a path, "default"

local function in_force(row, arguments, found)
  local setting = { name = row.name }
  local function take(value, source)
    if value ~= nil and setting.value == nil then
      setting.value, setting.source = value, source
    end
  end
  take(row.option and arguments[row.name], row.option)
  take(row.variable and variable(row.variable), "$" .. (row.variable or ""))
  take(found[row.name], config.path())
  take(row.default, "default")
  return setting
end

local function language_in_force(arguments, found)
  if arguments.lang then
    return { name = "lang", value = arguments.lang, source = "--lang" }
  end
  local name, source = language.find(found.lang)
  return { name = "lang", value = name,
    source = source == "file" and config.path() or source }
end

--- The settings by name, and in order: what is in force, and from where. A file
--- with mistakes counts as none; its error is the second result.
---@param arguments table
---@return table<string|integer, yuanjing.cli.Setting>
---@return yuanjing.Error?
function config.in_force(arguments)
  local found, err = config.read()
  found = found or {}
  local settings = { is_open = found.is_open }
  for n, row in ipairs(ROWS) do settings[n] = in_force(row, arguments, found) end
  settings[#settings + 1] = language_in_force(arguments, found)
  for _, kind in ipairs(config.MODELS) do
    local model = found.models and found.models[kind]
    settings[#settings + 1] = { name = "models." .. kind, value = model,
      source = model and config.path() }
  end
  for _, setting in ipairs(settings) do settings[setting.name] = setting end
  return settings, err
end

--- The model of a command: the given one, else the file's.
---@param kind string of config.MODELS
---@param arguments table
---@return string?
function config.model(kind, arguments)
  if arguments.model then return arguments.model end
  return config.in_force(arguments)["models." .. kind].value
end

--- What to do about a key that others could read; nil: there is none.
---@return string?
function config.advice()
  local found = config.read()
  if not found or not found.is_open then return nil end
  return say("the key in %s is not used, for others can read it: chmod 600 %s",
    config.path(), shell.quote(config.path()))
end

-- Writing --------------------------------------------------------------------

local function io_error(path, problem)
  return nil, errors.new { kind = "io", attempts = 0,
    message = ("%s: %s"):format(path, problem) }
end

-- As JSON with a line for each name, for a person will read it.
local function text_of(settings)
  local names, lines = {}, {}
  for name in pairs(settings) do names[#names + 1] = name end
  table.sort(names, ascii.less)
  for n, name in ipairs(names) do
    lines[n] = ("  %s: %s"):format(document.encode(name),
      document.encode(settings[name]))
  end
  if #lines == 0 then return "{}\n" end
  return "{\n" .. table.concat(lines, ",\n") .. "\n}\n"
end

-- The new file is the owner's alone from the beginning, and takes the place of
-- the old one as a whole.
local function write(path, text)
  local between = path .. ".new"
  files.remove(between)
  local file, problem = core.file(between)
  if not file then return io_error(between, problem) end
  local ok
  ok, problem = file:append(text, true)
  file:close()
  if ok then ok, problem = files.rename(between, path) end
  if ok then return path end
  files.remove(between)
  return io_error(path, problem)
end

--- Keeps a key in the file, or removes it; the rest of the file stays.
---@param key string|nil
---@return string? path
---@return yuanjing.Error?
---@return false? unchanged there was no key to remove
function config.keep_key(key)
  local path = config.path()
  if not path then return io_error("config.json", say "there is no $HOME") end
  local found, err = read(path)
  if not found then return nil, err end
  if key == nil and found.api_key == nil then return path, nil, false end
  found.api_key = key
  local ok, problem = core.make_folders((path:gsub("/[^/]*$", "")))
  if not ok then return io_error(path, problem) end
  return write(core.resolve(path) or path, text_of(found))
end

--- A key in a form that shows little of it.
---@param key string
---@return string
function config.masked(key)
  return #key >= 12 and key:sub(1, 3) .. "..." .. key:sub(-4) or "***"
end

--- A setting's value as it may be shown.
---@param setting yuanjing.cli.Setting
---@return string?
function config.shown(setting)
  local value = setting.value
  if value == nil then return nil end
  if setting.name == "api_key" then return config.masked(value) end
  return setting.name:find("_url$") and address.shown(value) or value
end

return config
