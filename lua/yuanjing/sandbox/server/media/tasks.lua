--- Tasks and their progress. They are stored in memory of fixed size; the
-- oldest are dropped.
local clock = require "yuanjing.sandbox.server.clock"
local json = require "yuanjing.sandbox.server.json"

local tasks = {}

---@class yuanjing.sandbox.Task
---@field id string 18 digits: no number holds it exactly
---@field at number Unix time of the submit
---@field seconds number from the submit to the end
---@field path string the address it came to
---@field api "v1"|"legacy"
---@field kind "image"|"video"
---@field model string
---@field category string
---@field prompt string
---@field names string[] of its files
---@field odd table[] the scenarios that stay with it: name, value
---@field fails? string it ends FAILED, with this text
---@field ends? string the word it ends with, without a result
---@field done_word? string the status instead of SUCCEEDED
---@field fail_word? string the status instead of FAILED
---@field word? string the status instead of RUNNING
---@field never? boolean it does not end

local PROMPT_LIMIT = 4096

local made = 0 -- ids so far; never reset, unlike the tasks

local function memory()
  return ngx.shared.sandbox
end

--- Increments a counter.
---@return integer count including this one
function tasks.count(...)
  return (memory():incr("count:" .. table.concat({ ... }, ":"), 1, 0))
end

local function counted(...)
  return memory():get("count:" .. table.concat({ ... }, ":")) or 0
end

-- The time, and a number that differs clearly from the one before.
local function new_id()
  made = made + 1
  return ("9%08d%09d"):format(ngx.time() % 1e8,
    (made * 7368787 + 378734592) % 1e9)
end

--- Forgets all tasks, and the ledger that is beside them.
function tasks.forget()
  memory():flush_all()
end

--- A new task; tasks.keep() has to follow.
---@param fields table
---@return yuanjing.sandbox.Task
function tasks.new(fields)
  local number = tasks.count("task")
  local task = json.record("id", new_id(), "number", number,
    "at", clock.now())
  for name, value in pairs(fields) do task[name] = value end
  task.prompt = task.prompt:sub(1, PROMPT_LIMIT)
  return task
end

---@param task yuanjing.sandbox.Task
function tasks.keep(task)
  memory():set("task:" .. task.id, json.encode(task))
  memory():set("id:" .. task.number, task.id)
end

---@param id string
---@return yuanjing.sandbox.Task?
function tasks.find(id)
  local text = memory():get("task:" .. id)
  return text and json.decode(text)
end

-- The stages, and the part of a task's time at which each ends.
local STAGES = { { "CREATED", 0.1 }, { "PENDING", 0.3 }, { "RUNNING", 1 } }

--- The current status, whether it is final, and its kind.
---@param task yuanjing.sandbox.Task
---@return string word
---@return boolean ended
---@return "failed"|"succeeded"|"other"|nil outcome
function tasks.stage(task)
  local over = clock.now() - task.at
  for _, stage in ipairs(STAGES) do
    if over < stage[2] * task.seconds or stage[2] == 1 and task.never then
      return stage[1] == "RUNNING" and task.word or stage[1], false
    end
  end
  if task.fails then return task.fail_word or "FAILED", true, "failed" end
  if task.ends then return task.ends, true, "other" end
  return task.done_word or "SUCCEEDED", true, "succeeded"
end

-- Listing ------------------------------------------------------------------

local function downloads(task)
  local record = json.record()
  for _, name in ipairs(task.names) do
    record[name] = counted("file", task.id, name)
  end
  return record
end

local function shown(task)
  task.status = tasks.stage(task)
  task.queries = counted("query", task.id)
  task.downloads = downloads(task)
  task.odd = nil -- `scenario` says it
  return task
end

--- The number of tasks that have begun.
function tasks.begun()
  return counted("task")
end

--- All tasks that are still stored, or the last so many; oldest first.
---@param last? integer
---@return table[]
function tasks.list(last)
  local list, all = {}, tasks.begun()
  for number = math.max(1, all - (last or all) + 1), all do
    local id = memory():get("id:" .. number)
    local task = id and tasks.find(id)
    if task then list[#list + 1] = shown(task) end
  end
  return list
end

-- Counts of POST -----------------------------------------------------------

--- Counts a POST to this address, before it is read.
---@param path string
function tasks.posted(path)
  if tasks.count("post", path) == 1 then
    memory():set("address:" .. tasks.count("addresses"), path)
  end
end

--- The number of POSTs to each address.
---@return table<string, integer>
function tasks.posts()
  local record = json.record()
  for number = 1, counted("addresses") do
    local path = memory():get("address:" .. number)
    if path then record[path] = counted("post", path) end
  end
  return record
end

return tasks
