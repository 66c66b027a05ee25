--- Merging: how the records of a journal add up to one entry for each submit. A
-- record holds the changes of one submit and repeats its description, in case
-- an earlier record was lost. The result depends on the order of records as
-- little as possible, because the last writer need not know most: states only
-- go forward, lists of files are joined, and "forgotten" is a state: an
-- absent entry may be one that is not read yet.
local merging = {}

---@class yuanjing.journal.Entry one submit
---@field key string its name in the journal
---@field at integer Unix time of the submit, by the clock of the process that submitted it
---@field state "sending"|"unknown"|"refused"|"running"|"failed"|"done"|"forgotten"
---@field kind "image"|"video"
---@field model? string
---@field category? string
---@field note? string
---@field digest string of the parameters
---@field media { name: string, size: integer }[]
---@field api "v1"|"legacy"
---@field owner string the process that submitted it
---@field id? string the task's
---@field status? string the task's, in capitals
---@field result? table<string, string[]|string> its URLs, by kind; its text
---@field saved? string[] paths
---@field error? { kind: string, message: string }
---@field dead? { attempts: integer, error: string, at: integer }|false workers gave up
---@field transno? string the number that the submit carried
---@field took? number seconds from the intent to the outcome of its submit
---@field seconds? number of a video: its duration
---@field ended? integer Unix time when its result was there
---@field submitted? true the outcome of its submit was recorded
---@field changed? integer Unix time of the last record

---@class yuanjing.journal.Entries
---@field entries table<string, yuanjing.journal.Entry> by key
---@field order yuanjing.journal.Entry[] as they were submitted
---@field by_id table<string, yuanjing.journal.Entry>
---@field open? table<string, yuanjing.journal.Entry[]> not over, by digest; made when it is first needed

--- Forgets all entries.
---@param self yuanjing.journal.Entries
function merging.clear(self)
  self.entries, self.order, self.by_id, self.open = {}, {}, {}, nil
end

-- A state is replaced only by those behind it. A task that one process
-- considers lost, and of which another has the result, is done.
local RANK = { sending = 1, unknown = 2, refused = 3, running = 4, failed = 5,
  done = 6, forgotten = 7 }

local OPEN = { sending = true, running = true, unknown = true }

local TYPES = { key = "string", at = "number", kind = "string",
  model = "string", category = "string", note = "string", digest = "string",
  media = "table", api = "string", owner = "string", id = "string",
  status = "string", result = "table", saved = "table", error = "table",
  changed = "number", state = "string", submitted = "boolean", transno = "string",
  took = "number", seconds = "number", ended = "number" }

-- The description of a submit: each later record repeats it.
local ABOUT = { "at", "kind", "api", "model", "category", "note", "digest",
  "transno", "seconds" }

-- The fields that even a late record may add.
local LASTING = { owner = true, media = true, id = true, submitted = true }
for _, name in ipairs(ABOUT) do LASTING[name] = true end

-- Checks types: other programs may write into the store, too.
local function is_sound(name, value)
  local wanted = TYPES[name]
  if name == "state" then return RANK[value] ~= nil end
  return not wanted or type(value) == wanted
end

local function joined(paths, more)
  local list, seen = {}, {}
  for _, path in ipairs(paths) do seen[path], list[#list + 1] = true, path end
  for _, path in ipairs(more) do
    if not seen[path] then list[#list + 1] = path end
  end
  return list
end

-- Removes the former name of a renamed file.
local function without(paths, former)
  local list = {}
  for _, path in ipairs(paths) do
    if path ~= former then list[#list + 1] = path end
  end
  return list
end

local JOIN = {
  changed = function(old, new) return math.max(old, new) end,
  saved = function(old, new, record)
    return joined(without(old, record.former), new)
  end,
}

local function remove(list, item)
  for i = #list, 1, -1 do
    if list[i] == item then table.remove(list, i) end
  end
end

local function add_open(self, entry)
  local equal = self.open[entry.digest]
  if equal then equal[#equal + 1] = entry return end
  self.open[entry.digest] = { entry }
end

local function remove_open(self, entry)
  local equal = self.open[entry.digest] or {}
  remove(equal, entry)
  if #equal == 0 then self.open[entry.digest] = nil end
end

local function index(self, entry, was_open)
  if entry.id then self.by_id[entry.id] = entry end
  local is_open = OPEN[entry.state] or false
  if not self.open or not entry.digest or is_open == was_open then return end
  local change = is_open and add_open or remove_open
  change(self, entry)
end

local function add_entry(self, entry, key)
  self.entries[key] = entry
  self.order[#self.order + 1] = entry
  return entry
end

-- An error belongs to its state: a new state removes it.
local function go_forward(entry, record)
  if record.error == nil then entry.error = nil end
end

-- The new value of a field: the record's, if it is valid and not outdated.
local function merged_value(entry, record, name, is_late)
  local old, value = entry[name], record[name]
  if not is_sound(name, value) then return old end
  if old ~= nil and JOIN[name] then return JOIN[name](old, value, record) end
  if is_late and (old ~= nil or not LASTING[name]) then return old end
  return value
end

-- The first record becomes the entry itself if it may: reading a long journal
-- then takes half the memory.
local function adopt(self, record)
  for name, value in pairs(record) do
    if not is_sound(name, value) then record[name] = nil end
  end
  if record.media and #record.media == 0 then record.media = nil end
  record.former = nil
  index(self, add_entry(self, record, record.key), false)
end

--- Merges a record.
---@param self yuanjing.journal.Entries
---@param record table
---@param is_ours? boolean the record may become the entry
function merging.merge(self, record, is_ours)
  if type(record.key) ~= "string" then return end
  local entry = self.entries[record.key]
  if not entry and is_ours then return adopt(self, record) end
  entry = entry or add_entry(self, {}, record.key)
  local now, new = RANK[entry.state] or 0, RANK[record.state]
  local was_open, is_late = OPEN[entry.state] or false, new and new < now
  if new and new > now then go_forward(entry, record) end
  for name in pairs(record) do
    entry[name] = merged_value(entry, record, name, is_late)
  end
  entry.former = nil
  index(self, entry, was_open)
end

--- A record of an entry's changes, complete without the other records.
---@param entry table or an earlier copy of it
---@param changes table
---@return table
function merging.record(entry, changes)
  local record = { key = entry.key, id = entry.id }
  for _, name in ipairs(ABOUT) do record[name] = entry[name] end
  for name, value in pairs(changes) do record[name] = value end
  return record
end

--- Whether the entry contains the state of the record, or a compaction left it
--- out because it was refused or forgotten. NB: a later record does not prove
--- that the record is there which queued the task.
---@param entry? yuanjing.journal.Entry
---@param record table
---@return boolean
function merging.contains_state(entry, record)
  if not entry then return record.state == "refused" end
  if entry.state == "forgotten" then return true end
  if record.submitted and not entry.submitted then return false end
  return not record.state or (RANK[entry.state] or 0) >= RANK[record.state]
end

--- The last open submit with that digest, or nil.
---@param self yuanjing.journal.Entries
---@param digest string
---@return yuanjing.journal.Entry?
function merging.find_open(self, digest)
  if not self.open then
    self.open = {}
    for _, entry in ipairs(self.order) do index(self, entry, false) end
  end
  local equal = self.open[digest]
  return equal and equal[#equal]
end

-- Compaction ---------------------------------------------------------------

-- A handle of a forgotten task may still write records: so the "forgotten"
-- record is kept for so long. A task lives for less at the platform.
local FORGOTTEN_LIFE = 7 * 86400 -- seconds

-- The single record that remains of an entry, or nil.
local function remaining_record(entry, now)
  if entry.state == "refused" then return nil end
  if entry.state ~= "forgotten" then return entry end
  if now - (entry.changed or 0) > FORGOTTEN_LIFE then return nil end
  return { key = entry.key, state = "forgotten", changed = entry.changed }
end

--- An iterator of the records that remain of all entries.
---@param self yuanjing.journal.Entries
---@return fun(): table?
function merging.each_left(self)
  local order, now, i = self.order, os.time(), 0
  return function()
    while i < #order do
      i = i + 1
      local record = remaining_record(order[i], now)
      if record then return record end
    end
  end
end

--- The records that remain of these: one for each entry that is still needed.
---@param records table[]
---@return table[]
function merging.merged(records)
  local all, left = {}, {}
  merging.clear(all)
  for _, record in ipairs(records) do merging.merge(all, record) end
  for record in merging.each_left(all) do left[#left + 1] = record end
  return left
end

return merging
