--- Checks for every error that a caller can see.
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"

local checks = {
  KEY = "sk-Ab/12+cd==_long-enough",
}

-- Bytes that are replaced by the key in an input, in the forms in which a body
-- may repeat it.
local MARKS = { ["\1"] = checks.KEY, ["\2"] = checks.KEY:gsub("/", "\\/"),
  ["\3"] = "sk-Ab%2F12%2Bcd%3D%3D_long-enough" }

--- The input with the key in it.
function checks.with_key(text)
  return (text:gsub("[\1-\3]", MARKS))
end

local function check(ok, ...)
  if not ok then error(table.concat({ ... }, " "), 2) end
end

local function check_type(record, name, wanted)
  local found = type(record[name])
  check(found == wanted or found == "nil", name, "is a", found)
end

local function check_no_key(text, name)
  for _, shape in pairs(MARKS) do
    check(not text:find(shape, 1, true), "the key is in", name)
  end
end

--- A task has an id.
function checks.check_task(task)
  if task == nil then return end
  check(type(task) == "table", "task is a", type(task))
  check(type(task.id) == "string" and task.id ~= "", "a task without an id")
  check(not task.id:find("^%l+: 0x"), "the id of a task is", task.id)
  check_type(task, "status", "string")
end

--- The fields of an error, before it is made.
function checks.check_failure(failure)
  check(type(failure) == "table", "a failure is a", type(failure))
  check(errors.kinds[failure.kind], "the kind", tostring(failure.kind))
  check(type(failure.message) == "string", "the message is a",
    type(failure.message))
  for _, name in ipairs { "code", "type", "state", "body" } do
    check_type(failure, name, "string")
  end
  check_type(failure, "status", "number")
  check_type(failure, "retry_after", "number")
  check_type(failure, "document", "table")
  local wait = failure.retry_after
  check(not wait or wait >= 0 and wait < math.huge, "wait", tostring(wait))
  checks.check_task(failure.task)
end

-- No part of the key may be in the fields of an error.
local function check_secrets(err)
  for name, value in pairs(err) do
    if type(value) == "string" and name ~= "partial" then
      check_no_key(value, name)
    end
  end
end

local function check_line(line, is_utf8)
  check(not line:find("%c") and not line:find("\194[\128-\159]"),
    "a control character in", line)
  check(not is_utf8 or not core.utf8_error(line), "no UTF-8:", line)
  check_no_key(line, "the error as a line")
end

--- A complete error; `is_utf8`: its text was UTF-8.
function checks.check_error(err, is_utf8)
  check(errors.is(err), "not an error")
  checks.check_failure(err)
  check(type(err.retryable) == "boolean", "retryable is a",
    type(err.retryable))
  check(#err.message <= 500, "a long message")
  check(not err.body or #err.body <= 2048, "a long body")
  check_secrets(err)
  check_line(tostring(err), is_utf8)
end

checks.check = check

return checks
