--- The result of a task: URLs, usage, and saving its files.
local check = require "yuanjing.base.check"
local download = require "yuanjing.task.download"
local errors = require "yuanjing.errors"
local kinds = require "yuanjing.protocol.task.kinds"

local result = {}

---@class yuanjing.Result: yuanjing.ResultFields
---@field task yuanjing.Task
local methods = {}
local Result = {}
Result.__index = methods
Result.__name = "yuanjing.Result"

local SAVE_OPTIONS = { on_progress = "function", kind = "string",
  index = "number" }

--- Checks the arguments of save(); raises at the caller's caller.
function result.check_save(path, options)
  if type(path) ~= "string" or path == "" then
    error("save: path: expected a path", 3)
  end
  check.options("save", options, SAVE_OPTIONS, 3)
end

-- The URL of the requested file, and its kind.
local function url_of(self, options)
  for _, kind in ipairs(kinds) do -- the main thing first
    if options.kind == kind or not options.kind and self[kind] then
      return (self[kind .. "s"] or {})[options.index or 1], kind
    end
  end
end

-- The link may have expired: the platform makes a new one when the task is
-- queried again.
local function renew(self, options)
  local task = self.task
  if not task.id then return nil end
  local answer = task._api.task(task._settings, task.id)
  if not answer or not answer.result then return nil end
  for key, value in pairs(answer.result) do self[key] = value end
  return url_of(self, options)
end

---@class (exact) yuanjing.SaveOptions
---@field on_progress? fun(received: integer, total: integer?) bytes; no total where the server names none
---@field kind? yuanjing.FileKind default: the first there is, in this order
---@field index? integer which of that kind (1)

--- Saves a file, whole or not at all: the bytes go to a temporary file beside
--- the target, broken transfers are resumed, the length is checked, and a web
--- page instead of the file is refused; only then the target appears or is
--- replaced. A link is followed, and a file's mode is kept. A folder (or a
--- path that ends with "/", which is then made) gets a file named by the
--- server or the URL, with the extension of its content. The key is not
--- sent. Error kinds: io (the file), transport, timeout, truncated,
--- not_found, decode, server, platform.
---@param path string
---@param options? yuanjing.SaveOptions
---@return string? path of the file
---@return yuanjing.Error? err
function methods:save(path, options)
  options = options or {}
  result.check_save(path, options)
  local task = self.task
  local url, kind = url_of(self, options)
  if not url then
    return nil, errors.new { kind = "not_found", task = task,
      message = "the result has no file of that kind"
        .. (self.reason and ": " .. self.reason or "") }
  end
  local saved, err = download.save(task._settings, url, path, options, kind,
    function() return (renew(self, options)) end)
  if not saved then
    err.task = task
    return nil, err
  end
  if task._entry then
    task._settings.recorder:saved(task._entry, saved)
  end
  return saved
end

--- A result made from the fields of an answer.
---@return yuanjing.Result
function result.new(fields, task)
  fields.task = task
  return setmetatable(fields, Result)
end

return result
