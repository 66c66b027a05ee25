--- A conversation as JSON: always the same bytes for the same conversation, a line
-- a message.
local canonical = require "yuanjing.chat.schema.canonical"
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local files = require "yuanjing.base.files"
local json = require "yuanjing.base.json"
local messages_of = require "yuanjing.chat.message"

local saved = {}

saved.VERSION = 1

-- Writing --------------------------------------------------------------------

local function lines_of(items)
  local lines = {}
  for n, item in ipairs(items) do lines[n] = canonical(item) end
  if #lines == 0 then return "[]" end
  return "[\n" .. table.concat(lines, ",\n") .. "\n]"
end

local function write(data)
  return ('{"format":"yuanjing.conversation","version":%d,\n"params":%s,\n'
    .. '"messages":%s,\n"ledger":%s}\n'):format(saved.VERSION,
    canonical(data.params or {}), lines_of(data.messages),
    lines_of(data.ledger))
end

local function failed(call, kind, message)
  return nil, errors.new { kind = kind, call = call, message = message,
    attempts = 0 }
end

--- The conversation as a text; or nil and an error: something in it is no data.
--- What is read of the text and written again is the same text.
---@param data { params: table, messages: table[], ledger: table[] }
---@param call string
---@return string?
---@return yuanjing.Error?
function saved.encode(data, call)
  local _, problem = json.encode { params = data.params,
    messages = data.messages, ledger = data.ledger }
  if problem then return failed(call, "invalid_request", problem) end
  local first = write(data)
  return write(assert(json.decode(first)))
end

local function append_all(file, text)
  local ok, problem = file:append(text)
  if ok then ok, problem = file:sync() end
  file:close()
  return ok, problem
end

-- A file that is there is replaced once the new one is whole and on the disk.
local function replace(path, text)
  local real, problem = core.resolve(path)
  if not real then return nil, problem end
  local part = real .. ".part"
  local file
  file, problem = core.part(part, real)
  if not file then return nil, problem end
  local ok
  ok, problem = append_all(file, text)
  if ok then ok, problem = files.rename(part, real) end
  if not ok then files.remove(part) end
  return ok, problem
end

--- Writes the text to a file, whole or not at all.
---@param path string
---@param text string
---@param call string
---@return true?
---@return yuanjing.Error?
function saved.write(path, text, call)
  local ok, problem = replace(path, text)
  if ok then return true end
  return failed(call, "io", ("%s: %s"):format(path, tostring(problem)))
end

-- Reading --------------------------------------------------------------------

local function problem_of(data)
  if type(data) ~= "table" or type(data.messages) ~= "table" then
    return "it is no saved conversation"
  end
  local version = data.version
  if version ~= nil and (type(version) ~= "number" or version > saved.VERSION)
  then
    return "it was saved by a newer version of yuanjing"
  end
  local problems = {}
  if #data.messages > 0 then messages_of.check(data.messages, problems, true) end
  return problems[1]
end

--- The conversation in a text; or nil and an error of kind decode.
---@param text string
---@param call string
---@param name? string of the file it is in
---@return { params: table, messages: table[], ledger: table[] }?
---@return yuanjing.Error?
function saved.decode(text, call, name)
  local data, problem = json.decode(text)
  problem = problem or problem_of(data)
  if problem then
    return failed(call, "decode", name and name .. ": " .. problem or problem)
  end
  return { params = data.params or {}, messages = data.messages,
    ledger = type(data.ledger) == "table" and data.ledger or {} }
end

--- The conversation in a file.
---@param path string
---@param call string
---@return table?
---@return yuanjing.Error?
function saved.read(path, call)
  local file, problem = core.open_to_read(path)
  if not file then return failed(call, "io", path .. ": " .. problem) end
  local size = file:size()
  local text
  text, problem = file:read(0, size or 0)
  file:close()
  if not text then return failed(call, "io", path .. ": " .. problem) end
  return saved.decode(text, call, path)
end

return saved
