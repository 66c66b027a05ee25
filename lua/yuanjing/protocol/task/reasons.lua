--- Finds the reason why a task failed or returned nothing. Each vendor has its own
-- field for it, and the platform passes the answer on.
local ascii = require "yuanjing.base.ascii"
local lazy = require "yuanjing.base.lazy"
local url = lazy.module "yuanjing.base.url"
local words = require "yuanjing.protocol.task.words"

local reasons = {}

-- Fields that only failures have, the most specific first. Only the letters of a
-- name count, in lower case: "fail_reason" and "failReason" are the same.
local STATED = { "error", "failreason", "failedreason", "failurereason",
  "failmessage", "failmsg", "failedmsg", "failuremessage", "failure",
  "errormessage", "errormsg", "errmessage", "errmsg", "errordetail",
  "errordetails", "errordescription", "errinfo", "errorinfo", "exception" }

-- Fields that hold the reason if it is known that the task failed.
local TOLD = { "taskstatusmsg", "taskstatusmessage", "taskmessage", "taskmsg",
  "statusmsg", "statusmessage", "statusdetail", "statusreason",
  "statusdescription", "reason", "cause", "detail", "details", "message",
  "msg", "description", "errortype", "rejectreason" }

local STATED_CODES = { "errcode", "errorcode", "failcode", "errno" }
local CODES = { "code", "statuscode", "subcode" }

local CONTAINERS = { "error", "output", "data", "result", "taskresult", "task",
  "response", "resposne", "results", "content", "choices", "baseresp",
  "taskinfo", "statusdetails", "incompletedetails" }

local DEEPEST = 5
local PLAIN = { [""] = true, none = true, null = true, ["nil"] = true,
  ok = true, ["true"] = true, ["false"] = true, ["0"] = true, ["200"] = true }

local SHORT = 40 -- bytes

-- Whether a short text reports success: "Task completed", "操作成功".
local function says_success(text)
  return #text < SHORT and not text:find("[^ ]+ +[^ ]+ +[^ ]+ +[^ ]")
    and words.meaning(text) == "succeeded"
end

local function trimmed(value)
  if type(value) ~= "string" then return nil end
  local text = ascii.trim(value)
  if #text <= 5 and PLAIN[ascii.lower(text)] then return nil end
  return not says_success(text) and text or nil
end

-- A text that can be a reason: no bare status word, and no address.
local function text_of(value)
  local text = trimmed(value)
  local is_none = not text or words.is_bare(text)
    or url.scheme(text) and not text:find("[ \t-\r]")
  return not is_none and text or nil
end

local function code_of(value)
  if type(value) == "number" then
    value = value % 1 == 0 and ("%.0f"):format(value) or tostring(value)
  end
  return trimmed(value)
end

-- The record's fields, by the letters of their names.
local function plain_fields(record)
  local fields = {}
  for name, value in pairs(record) do
    if type(name) == "string" then
      local plain = ascii.lower(name):gsub("[^a-z]", "")
      if plain ~= "finishreason" and not fields.reason
        and plain:find("reason$") then
        fields.reason = value -- "cancelReason", "block_reason", ...
      end
      if fields[plain] == nil then fields[plain] = value end
    end
  end
  return fields
end

local search -- declared here because records contain records

local function search_list(list, kind, depth)
  for _, item in ipairs(list) do
    local found = search(item, kind, depth)
    if found then return found end
  end
end

local function search_names(fields, names, kind, depth)
  for _, name in ipairs(names) do
    local value = fields[name]
    local found = kind.read(value) or search(value, kind.inner or kind, depth)
    if found then return found end
  end
end

-- The first value of that kind in a record or in the records inside it. `kind` is
-- the list of the names of fields, with the function that reads a field.
function search(record, kind, depth)
  if type(record) ~= "table" or depth > DEEPEST then return nil end
  if record[1] ~= nil then return search_list(record, kind, depth + 1) end
  local fields = plain_fields(record)
  local found = search_names(fields, kind, kind, depth + 1)
  for i = 1, #CONTAINERS do
    if found then break end
    found = search(fields[CONTAINERS[i]], kind, depth + 1)
  end
  return found
end

local function joined(...)
  local all = {}
  for _, names in ipairs { ... } do
    for _, name in ipairs(names) do all[#all + 1] = name end
  end
  return all
end

local TEXTS, ALL_CODES = joined(STATED, TOLD), joined(STATED_CODES, CODES)
TEXTS.read, ALL_CODES.read = text_of, code_of
-- Inside a field that only failures have, any field of a reason counts.
STATED.read, STATED.inner = text_of, TEXTS
STATED_CODES.read = code_of

--- The reason and the code in an answer about a failure; nil for each that is not
--- there.
---@param document table
---@return string? message
---@return string? code
function reasons.of(document)
  return search(document, TEXTS, 0), search(document, ALL_CODES, 0)
end

--- Whether an answer has a reason in a field that only failures have.
---@param document table
---@return boolean
function reasons.are_stated(document)
  local stated = search(document, STATED, 0)
    or search(document, STATED_CODES, 0)
  return stated ~= nil
end

return reasons
