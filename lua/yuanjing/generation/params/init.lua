--- The parameters of an image or a video: checks what a user gave against the
-- catalog, and converts it to the API's names and order. All problems are
-- found in one pass. Only given parameters are sent, apart from the category
-- and, in the legacy API, the id of the row: defaults are the server's. A model
-- that is not in the catalog is sent as given, with guessed names for its media
-- (params/guess.lua).
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local faults = require "yuanjing.base.check.faults"
local fields = require "yuanjing.protocol.fields"
local form = require "yuanjing.protocol.form"
local guess = require "yuanjing.generation.params.guess"
local json = require "yuanjing.base.json"
local media = require "yuanjing.base.media"
local number = require "yuanjing.base.number"
local refusal = require "yuanjing.generation.params.refusal"
local target_of = require "yuanjing.generation.params.target"
local value_of = require "yuanjing.generation.params.value"

local params = {}

---@class yuanjing.Checked what goes out
---@field model? string
---@field category string
---@field fields { [1]: string, [2]: any }[] name and value; a list is repeated in a form, an array in JSON
---@field files yuanjing.SentMedium[] on the legacy wire too
---@field before_sending? fun(): true?, yuanjing.Error? see yuanjing.Request

-- The state of one call. `plan` has the parameters in the order of sending,
-- `bound` their values: name -> { from = given name, value = or media =, list
-- = whether it stays a list when it has one item }.
---@class yuanjing.Check
local Check = {}
Check.__index = Check

-- Notes what the platform would refuse by the catalog, if newer documents of
-- the platform may allow more.
function Check:dated_doubt(...)
  self.is_dated = true
  self.faults:doubt(...)
end

local function sorted_names(values)
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    return ascii.less(number.show(a), number.show(b))
  end)
  return names
end

function Check:add_to_plan(param)
  if self.planned[param.name] then return end
  self.planned[param.name] = true
  self.plan[#self.plan + 1] = param
end

-- Whether this parameter has no value yet; a field is sent once.
function Check:is_free(param, from)
  local other = self.bound[param.name]
  if other then
    self.faults:add(from, "%s is the same field", other.from)
  end
  return not other
end

-- Media --------------------------------------------------------------------

local FAMILY = { first_frame = "image", last_frame = "image",
  reference_images = "image", reference_videos = "video",
  reference_audios = "audio" }
-- An MP4 may contain only sound, so videos and sounds are not distinguished.
local UNFIT = { image = { audio = true, video = true },
  video = { image = true }, audio = { image = true } }

function Check:check_type(place, param, medium)
  local family = FAMILY[param.role]
  local found = medium.type and medium.type:match("^[A-Za-z]+")
  if family and UNFIT[family][found] then
    self.faults:doubt(place, "expected %s, got %s", family, medium.type)
  end
end

function Check:read(place, param, given)
  local medium, problem = media.read_to_send(given,
    self.target.api == "legacy")
  if not medium then return self.faults:add(place, "%s", problem) end
  self:check_type(place, param, medium)
  return medium
end

-- Returns whether a parameter was free for the medium.
function Check:bind_medium(param, from, place, given)
  local bound = self.bound[param.name]
  if not (bound and bound.from == from) then
    if not self:is_free(param, from) then return false end
    bound = { from = from, media = {}, list = param.type == "files" }
    self.bound[param.name] = bound
  end
  bound.media[#bound.media + 1] = self:read(place, param, given)
  return true
end

-- The parameter for the i-th item of a list; adds one if there are too few.
function Check:slot(slots, i)
  local first = slots[1]
  if first.type == "files" then return first end
  if slots[i] then return slots[i] end
  local more = { name = fields.numbered(first.name, i), type = first.type,
    role = first.role }
  self:add_to_plan(more)
  return more
end

-- A list unchanged; a single medium as a list; nil for anything else.
local function list_of(given)
  if type(given) ~= "table" or media.is(given) then return { given } end
  return json.is_list(given) and given or nil
end

function Check:check_count(slots, from, count)
  local most = slots[1].max_count
  if slots[1].type ~= "files" then most = #slots end
  if most and count > most then
    self:dated_doubt(from, "at most %d, got %d", most, count)
  end
end

-- An empty list counts as none given where the catalog has the field. Elsewhere
-- its name may have chosen the category, and what comes of that is billed.
function Check:refuse_empty(param, from)
  local is_optional = param.required == false
  local is_told = param.required and self.validate -- by find_missing
  if is_optional or is_told then return end
  self.faults:add(from, "the list is empty: leave it out")
end

function Check:bind_list(slots, from, given)
  local list = list_of(given)
  if not list then
    self.bound[slots[1].name] = { from = from, media = {} }
    return self.faults:add(from, "expected a list of media")
  end
  if #list == 0 then return self:refuse_empty(slots[1], from) end
  self:check_count(slots, from, #list)
  for i, item in ipairs(list) do
    local place = list == given and { parameter = from, index = i } or from
    if not self:bind_medium(self:slot(slots, i), from, place, item) then
      return
    end
  end
end

-- Parameters ---------------------------------------------------------------

-- A JSON value can not contain a medium.
function Check:refuse_media(from, given)
  local place = media.place_in(given, from)
  if place == from then
    self.faults:add(from, "takes no file")
  elseif place then
    self.faults:add(place, "a file can not stand inside a table")
  end
  return place ~= nil
end

function Check:doubt_value(from, problem, is_dated)
  if is_dated then return self:dated_doubt(from, "%s", problem) end
  self.faults:doubt(from, "%s", problem)
end

function Check:bind_value(param, from, given)
  if not self:is_free(param, from) or self:refuse_media(from, given) then
    return
  end
  local value, problem, is_dated = value_of.of(param, given)
  if problem then
    self:doubt_value(from, problem, is_dated)
    value = given
  end
  self.bound[param.name] = { from = from, value = value }
end

-- Binds a name to its parameters.
function Check:bind(slots, from, given)
  local param = slots[1]
  if #slots > 1 or param.type == "files" then
    self:bind_list(slots, from, given)
  elseif param.role or param.type == "file" then
    self:bind_medium(param, from, from, given)
  else
    self:bind_value(param, from, given)
  end
end

-- The same for a name that is in no table.
function Check:bind_loose(slots, from, given)
  for _, param in ipairs(slots) do self:add_to_plan(param) end
  self:bind(slots, from, given)
end

function Check:is_name(name)
  if type(name) == "string" and name ~= "" then return true end
  self.faults:add(tostring(name), "a parameter needs a name")
  return false
end

function Check:bind_unlisted(name, given)
  if self.target.row and self.validate then
    local shown, problem = refusal(self.target, name)
    return self.faults:add(shown, "%s", problem)
  end
  if not self:is_name(name) then return end
  self:bind_loose(guess.slots(self.target.api, name, self.given), name, given)
end

-- Names that are read elsewhere. A note is for the journal only, and is never
-- sent.
local TAKEN = { category = true, extra = true, note = true }

function Check:names()
  local names = {}
  for _, name in ipairs(sorted_names(self.given)) do
    local taken = TAKEN[name] or fields.is_of_head(self.target.api, name)
    if not taken then names[#names + 1] = name end
  end
  return names
end

-- Names of the catalog first: a guess must not take their places.
function Check:bind_given()
  local row, unlisted = self.target.row, {}
  for _, name in ipairs(self:names()) do
    local slots = row and target_of.params(row, name) or {}
    if #slots > 0 then
      self:bind(slots, name, self.given[name])
    else
      unlisted[#unlisted + 1] = name
    end
  end
  for _, name in ipairs(unlisted) do
    self:bind_unlisted(name, self.given[name])
  end
end

function Check:bind_one_extra(name, given)
  if self.given[name] ~= nil or self.bound[name] then
    return self.faults:add("extra." .. tostring(name),
      "the same field goes out without it")
  end
  if not self:is_name(name) then return end
  local param = guess.plain(name, given, media.is_or_holds(given))
  self:bind_loose({ param }, name, given)
end

function Check:bind_extra()
  local extra = self.given.extra
  if extra == nil then return end
  if type(extra) ~= "table" or media.is(extra) then
    return self.faults:add("extra", "expected table, got %s",
      type(extra) == "table" and "a file" or type(extra))
  end
  for _, name in ipairs(sorted_names(extra)) do
    self:bind_one_extra(name, extra[name])
  end
end

function Check:check_note()
  local note = self.given.note
  if note == nil or type(note) == "string" and not core.utf8_error(note) then
    return
  end
  self.faults:add("note", "expected a text in UTF-8, got %s", type(note))
end

function Check:find_missing()
  local row = self.target.row
  for _, param in ipairs(row and row.params or {}) do
    if param.required and not self.bound[param.name] then
      if param.role then
        self:dated_doubt(param.role, "needed by %s in category %s",
          self.target.model, row.category)
      else
        self.faults:doubt(param.name, "missing")
      end
    end
  end
end

local ANY_HEAD = {}
for i, name in ipairs(fields.HEAD) do
  ANY_HEAD[i] = { name = name, type = "any" }
end

-- The first fields of every call.
function Check:bind_head()
  local target = self.target
  local head = fields.head(target.api, target, self.given)
  for _, param in ipairs(target.row and target.row.params or ANY_HEAD) do
    self:add_to_plan(param)
    if head[param.name] ~= nil then
      self.bound[param.name] = { from = param.name, value = head[param.name] }
    end
  end
  self.fixed = #self.plan
end

local NO_IMAGES = "the legacy wire makes no images: call client:image of a "
  .. 'client without api = "legacy"'

-- Sending ------------------------------------------------------------------

-- The plan's rows keep their order; other fields are sorted by name.
function Check:in_order()
  local list, loose = {}, {}
  for i, param in ipairs(self.plan) do
    local part = i <= self.fixed and list or loose
    part[#part + 1] = param
  end
  table.sort(loose, function(a, b)
    return ascii.less(a.name, b.name)
  end)
  for _, param in ipairs(loose) do list[#list + 1] = param end
  return list
end

function Check:outgoing()
  local out = { model = self.target.model, category = self.target.category,
    fields = {}, files = {} }
  for _, param in ipairs(self:in_order()) do
    local bound = self.bound[param.name]
    if bound and bound.media then
      form.add_media(out, param.name, bound.media, bound.list)
    elseif bound then
      out.fields[#out.fields + 1] = { param.name, bound.value }
    end
  end
  local duration = self.target.row
    and target_of.params(self.target.row, "duration")[1]
  out.seconds = duration and duration.default
  if self.target.api == "v1" and #out.files > 0 then
    form.check(out.fields, function(name, problem)
      self.faults:add(name, "%s", problem)
    end)
  end
  return out
end

--- The request for the given parameters, which are not changed; or nil and all
--- problems. With `validate` false, only what can not be sent is a problem:
--- media that can not be read, a field given twice.
---@param api "v1"|"legacy"
---@param kind "image"|"video"
---@param given table
---@param validate? boolean
---@return yuanjing.Checked?
---@return string[]? problems
---@return boolean? is_dated newer documents may not have some of them
---@return yuanjing.Faults? faults the problems, in parts
function params.check(api, kind, given, validate)
  local self = setmetatable({ given = given, validate = validate ~= false,
    plan = {}, planned = {}, bound = {} }, Check)
  self.faults = faults.new(self.validate)
  if api == "legacy" and kind == "image" then
    self.faults:add(nil, NO_IMAGES)
    return nil, self.faults:problems(), false, self.faults
  end
  self.target = target_of.of(api, kind, given, function(...)
    self:doubt_value(...)
  end)
  self:bind_head()
  self:bind_given()
  self:bind_extra()
  self:check_note()
  self:find_missing()
  local out = self:outgoing()
  if #self.faults == 0 then return out end
  return nil, self.faults:problems(), self.is_dated, self.faults
end

return params
