--- The work of a batch: finds the journal's entry for each line by the line's
-- parameters, and by its place among equal lines, but not by its line number.
-- So lines may be added, removed and moved, and another list may use the same
-- folder.
local digest = require "yuanjing.base.digest"
local files = require "yuanjing.base.files"
local form = require "yuanjing.protocol.form"
local params_of = require "yuanjing.generation.params"
local yuanjing = require "yuanjing"

local plan = {}

---@class yuanjing.cli.Item
---@field line integer number in the file
---@field params table
---@field kind "image"|"video"
---@field identity string? digest of the parameters; nil if they are wrong
---@field entry? yuanjing.journal.Entry of the submit that bought it
---@field number integer at the beginning of its file names
---@field note string

-- A line with its own note is identified by that note and the journal's
-- digest; any other line by its own digest, which is in its generated note.
local function identity_of(item, client)
  local note = item.params.note
  if note == nil then return digest(item.params):sub(1, 12) end
  local settings = client._settings
  local checked = params_of.check(settings.api, item.kind, item.params,
    settings.validate)
  return checked and digest(form.about(checked).params) .. note
end

local function identity_of_entry(entry)
  local note = entry.note or ""
  return note:match("^%d+:(%x+)$") or entry.digest .. note
end

-- Submits that were refused, failed or forgotten are bought again.
local IS_OVER = { refused = true, failed = true, forgotten = true }

-- The entries that still count, in order, grouped by identity.
local function group(entries)
  local groups = {}
  for _, entry in ipairs(entries) do
    if not IS_OVER[entry.state] then
      local identity = identity_of_entry(entry)
      groups[identity] = groups[identity] or {}
      table.insert(groups[identity], entry)
    end
  end
  return groups
end

local function number_of(entry)
  local saved = entry.saved and entry.saved[#entry.saved] or ""
  local _, name = files.split(saved)
  return tonumber(name:match("^(%d+)[.-]")
    or (entry.note or ""):match("^(%d+):%x+$"))
end

-- The entry for each number; if two have the same number, the later one.
local function last_entries(groups)
  local entry_with = {}
  for _, list in pairs(groups) do
    for _, entry in ipairs(list) do
      local number = number_of(entry)
      local other = number and entry_with[number]
      if number and not (other and other.at > entry.at) then
        entry_with[number] = entry
      end
    end
  end
  return entry_with
end

-- Each line gets its line number if that is free: in a new folder the files
-- have the numbers of their lines.
local function give_numbers(items, taken)
  local last = 0
  for number in pairs(taken) do last = math.max(last, number) end
  for place, item in ipairs(items) do
    if not item.number and not taken[place] then item.number = place end
    if item.number then
      taken[item.number], last = true, math.max(last, item.number)
    end
  end
  for _, item in ipairs(items) do
    if not item.number then item.number, last = last + 1, last + 1 end
    item.note = item.params.note
      or ("%d:%s"):format(item.number, item.identity or "")
  end
end

local function kind_of(params)
  local row = yuanjing.catalog.find("v1", params.model or "")
  return row and row.kind or "image"
end

--- The items without the journal's knowledge, for a dry run.
---@param lines yuanjing.cli.Line[]
---@return yuanjing.cli.Item[]
function plan.items(lines)
  local items = {}
  for i, line in ipairs(lines) do
    items[i] = { line = line.number, params = line.params,
      kind = kind_of(line.params), note = line.params.note }
  end
  return items
end

--- Finds the entries of lines already bought, and gives each line its number.
---@param items yuanjing.cli.Item[]
---@param client yuanjing.Client
---@param entries yuanjing.journal.Entry[]
---@param taken table<integer, boolean> numbers of existing files
function plan.make(items, client, entries, taken)
  local groups = group(entries)
  local entry_with = last_entries(groups)
  for number in pairs(entry_with) do taken[number] = true end
  for _, item in ipairs(items) do
    item.identity = identity_of(item, client)
    local equal = groups[item.identity or false]
    item.entry = equal and table.remove(equal, 1)
    local number = item.entry and number_of(item.entry)
    item.number = number and entry_with[number] == item.entry and number or nil
  end
  give_numbers(items, taken)
end

return plan
