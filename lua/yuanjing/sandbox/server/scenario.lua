--- The platform's odd answers, on request: `X-Sandbox: name[=value]; ...`, or
-- the same text in the body's field `sandbox`, or in the body's field `name`
-- as `[sandbox: name[=value]; ...]`.
--
-- A scenario is a row of the tables in scenarios/. It may have
--   ask(seen, value)           changes the request before it is handled
--   instead(seen, value)       makes the answer instead of the handler, or
--                              returns nothing
--   change(play, value, plan)  changes the answer
-- Rows about tasks stay with the task that the request begins
-- (media/odds.lua):
--   begin(task, value)         changes the task itself
--   submit(draft, value)       changes the answer to the submit
--   wait(draft, value)         runs before the answer to a query
--   query(draft, value)        changes the answer to a query
--   result(result, value)      changes the files of a finished task
--   file(download, value)      changes a download before its answer is made
--   sent(download, value)      changes the answer to a download
-- Rows about assets stay with the group or asset in the same way:
--   verify(group, value)       changes the group itself
--   reply(draft, value)        changes a success about it
-- `limited`: the modifier `first` limits it to the first n of them. `takes`
-- names its value, and `default` is the value if none is given. It is a
-- number unless `takes` is in TEXTUAL; `optional`: it may be missing;
-- `choices` has the possible values, each with its meaning, or true. `only`
-- is "stream" or "plain": other answers stay unchanged. The answer's header
-- X-Sandbox lists the scenarios that changed it.
local play = require "yuanjing.sandbox.server.play"

local scenario = {}

local FAMILIES = { "framing", "chunks", "vendors", "tools", "dialects", "breaks",
  "timing", "errors", "stream_errors", "statuses", "content", "submits", "tasks",
  "queries", "results", "downloads", "assets", "speech",
  "account" }
local TEXTUAL = { text = true, field = true, where = true, url = true, word = true,
  host = true, shape = true }
local PHASES = { "begin", "submit", "wait", "query", "result", "file", "sent",
  "verify", "reply" }

-- Modifiers of the scenarios that are named with them.
local MODIFIERS = {
  { name = "after", takes = "n",
    help = "where a break, a stall or an error in a stream comes: after n " ..
      "events; 0: before the first" },
  { name = "times", takes = "n", help = "only the first n requests that " ..
    "carry this very text get the scenario, later ones a normal answer" },
  { name = "first", takes = "n", stays = true, help = "keeps those that " ..
    "stay with a task, and have no n of their own, to its first n queries " ..
    "or downloads" },
  { name = "tag", takes = "text", help = "nothing by itself: makes a text " ..
    "that `times` counts apart from others" },
}

local by_name = {}

local function add_row(row)
  for _, phase in ipairs(PHASES) do
    if row[phase] then row.stays = true end
  end
  by_name[row.name] = row
end

for _, family in ipairs(FAMILIES) do
  local rows = require("yuanjing.sandbox.server.scenarios." .. family)
  for _, row in ipairs(rows) do add_row(row) end
end
for _, row in ipairs(MODIFIERS) do by_name[row.name] = row end

--- The row of a scenario.
function scenario.row(name)
  return by_name[name]
end

-- Listing ------------------------------------------------------------------

local function label(row)
  if not row.takes then return row.name end
  local may_miss = row.optional or row.default ~= nil
  return (may_miss and "%s[=%s]" or "%s=%s"):format(row.name, row.takes)
end

-- The values that a row can have, in order.
local function choices_of(row)
  local list = {}
  for value in pairs(row.choices) do list[#list + 1] = value end
  table.sort(list)
  return list
end

local function add_choices(out, row)
  for _, value in ipairs(choices_of(row)) do
    local help = row.choices[value]
    out[#out + 1] = ("    %-26s %s"):format("=" .. value,
      help == true and "" or help):gsub("%s+$", "")
  end
end

local function add_rows(out, rows)
  for _, row in ipairs(rows) do
    out[#out + 1] = ("  %-28s %s"):format(label(row), row.help)
    if row.choices then add_choices(out, row) end
  end
end

--- All scenarios, one a line.
---@return string
function scenario.listing()
  local out = { "X-Sandbox: name[=value]; name[=value]; ...\n" ..
    "or this text in JSON's field sandbox, or in its field name as " ..
    "[sandbox: ...]" }
  for _, family in ipairs(FAMILIES) do
    out[#out + 1] = "\n" .. family:gsub("_", " ")
    add_rows(out, require("yuanjing.sandbox.server.scenarios." .. family))
  end
  out[#out + 1] = "\nalong with others"
  add_rows(out, MODIFIERS)
  return table.concat(out, "\n") .. "\n"
end

-- Reading ------------------------------------------------------------------

local function read_value(row, given)
  if not row.takes then
    if given then return nil, row.name .. " takes no value" end
    return true
  end
  if given == nil then
    if row.default == nil and not row.optional then
      return nil, ("%s needs a value: %s"):format(row.name, label(row))
    end
    return row.default
  end
  if row.choices and not row.choices[given] then
    return nil, ("%s=%s: expected one of %s"):format(row.name, given,
      table.concat(choices_of(row), ", "))
  end
  if TEXTUAL[row.takes] then return given end
  local number = tonumber(given)
  if number and number >= 0 and number < math.huge then return number end
  return nil, ("%s=%s: a number is expected"):format(row.name, given)
end

-- The plan: a list of { row =, value = }, and the modifiers by name; or nil
-- and what is wrong.
local function parse(text)
  local plan = {}
  for part in text:gmatch("[^;]+") do
    local name, given = part:match("^%s*([^=]-)%s*=%s*(.-)%s*$")
    name = name or part:match("^%s*(.-)%s*$")
    local row = by_name[name]
    if name ~= "" then
      if not row then return nil, "unknown scenario " .. name end
      local value, problem = read_value(row, given)
      if problem then return nil, problem end
      plan[#plan + 1] = { row = row, value = value }
      plan[name] = value
    end
  end
  return plan
end

--- What is wrong with a text of scenarios, or nil.
---@param text string
---@return string? problem
function scenario.problem(text)
  return select(2, parse(text))
end

-- Performing ---------------------------------------------------------------

local used = {} -- how often each text with `times` has been used

--- Resets the counts for `times`.
function scenario.forget()
  used = {}
end

local function is_used_up(plan, text)
  if not plan.times then return false end
  used[text] = (used[text] or 0) + 1
  return used[text] > plan.times
end

-- Adds the steps of a scripted answer.
local function add_steps(plan, steps)
  for _, step in ipairs(steps or {}) do
    plan[#plan + 1] = { row = by_name[step.name], value = step.value }
  end
end

local function ask(plan, seen)
  for _, step in ipairs(plan) do
    if step.row.ask then step.row.ask(seen, step.value) end
  end
end

local function answer(plan, seen, handle)
  for _, step in ipairs(plan) do
    local result = step.row.instead and step.row.instead(seen, step.value)
    if result then return result end
  end
  return handle(seen)
end

-- The steps for a task to keep.
local function staying(plan)
  local list = {}
  for _, step in ipairs(plan) do
    if step.row.stays then
      list[#list + 1] = { name = step.row.name, value = step.value }
    end
  end
  return list
end

-- Returns the names of all scenarios that took part, a task's own first.
local function change(plan, result)
  local names = { result.headers["X-Sandbox"] }
  local sort = result.stream and "stream" or "plain"
  for _, step in ipairs(plan) do
    local row = step.row
    local applies = row.change and (row.only or sort) == sort
    if applies then row.change(result, step.value, plan) end
    if applies or row.instead or row.ask then names[#names + 1] = row.name end
  end
  return table.concat(names, "; ")
end

--- The answer to a request, changed by its scenarios.
---@param seen yuanjing.sandbox.Seen
---@param handle fun(seen: yuanjing.sandbox.Seen): yuanjing.sandbox.Play
---@return yuanjing.sandbox.Play
function scenario.perform(seen, handle)
  if seen.scenario == "" and not seen.steps then return handle(seen) end
  local plan, problem = parse(seen.scenario)
  if not plan then
    return play.fail(400, "sandbox: " .. problem ..
      " (GET /sandbox/scenarios lists what there is)")
  end
  if is_used_up(plan, seen.scenario) then return handle(seen) end
  add_steps(plan, seen.steps)
  ask(plan, seen)
  seen.odd = staying(plan)
  local result = answer(plan, seen, handle)
  result.headers["X-Sandbox"] = change(plan, result)
  return result
end

return scenario
