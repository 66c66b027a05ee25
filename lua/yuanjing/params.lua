--- The parameters of an image or a video: what a user gave, checked against the
-- catalog and put into the wire's names and order. All that is wrong is found
-- in one go. Nothing goes out that was not given, but for the category and the
-- llmid; the defaults are the server's.
--
-- A model that the catalog does not know is sent as given. Then a guess is made
-- of what media are called: image_file for a first frame, or image_file1 and
-- image_file2 where there is a last one; image_files, video_files and
-- audio_files for references; on the legacy wire image_file1, image_file2 and
-- so on for all. What is named ..._file, ..._files or ..._file1 is a medium.
local catalog = require "yuanjing.catalog"
local media = require "yuanjing.media"
local suggest = require "yuanjing.params.suggest"
local target_of = require "yuanjing.params.target"
local value_of = require "yuanjing.params.value"

local params = {}

---@class yuanjing.Checked what goes out
---@field model? string
---@field category string
---@field fields { [1]: string, [2]: any }[] name and value; a list is repeated in a form, an array in JSON
---@field files { name: string, medium: yuanjing.Medium }[] of the kinds path and bytes; on the legacy wire too

-- Each call has one Check:
--   target, given, validate, problems, plan (the parameters in their order),
--   bound (parameter -> { from = name, value =, media =, list = })
local Check = {}
Check.__index = Check

-- What can not go out at all.
function Check:fault(...)
  self.problems[#self.problems + 1] = (...):format(select(2, ...))
end

-- What the platform would refuse, as far as the catalog knows.
function Check:doubt(...)
  if self.validate then self:fault(...) end
end

local function sorted_names(values)
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return names
end

-- Whether this parameter is free; a field goes out once.
function Check:take(param, from)
  local other = self.bound[param.name]
  if other then
    self:fault("%s: %s is the same field", from, other.from)
  end
  return not other
end

-- Media --------------------------------------------------------------------

-- What a role is made of. mp4, webm and others hold pictures or sound alone as
-- well, so those two are not told apart.
local UNFIT = { image = "^[av][ui]d", video = "^image/", audio = "^image/" }
local FAMILY = { first_frame = "image", last_frame = "image",
  reference_images = "image", reference_videos = "video",
  reference_audios = "audio" }

function Check:check_type(label, param, medium)
  local family = FAMILY[param.role]
  if family and medium.type and medium.type:find(UNFIT[family]) then
    self:doubt("%s: expected %s %s, got %s", label,
      family == "video" and "a" or "an", family, medium.type)
  end
end

function Check:read(label, param, given)
  local medium, problem = media.read(given)
  if medium and medium.kind == "data_uri" and self.target.api == "v1" then
    medium, problem = media.decoded(medium)
  end
  if not medium then return self:fault("%s: %s", label, problem) end
  self:check_type(label, param, medium)
  return medium
end

-- A list as it is, one medium as a list of it; nil: neither.
local function list_of(given)
  if type(given) ~= "table" or media.is(given) then return { given } end
  local count = 0
  for _ in pairs(given) do count = count + 1 end
  return count == #given and given or nil
end

-- The i-th parameter for a list that is spread over several: one more than
-- there are only goes out unchecked.
function Check:slot(slots, i)
  local first = slots[1]
  if first.type == "files" then return first end
  if slots[i] then return slots[i] end
  local more = { name = first.name:gsub("%d*$", "") .. i, type = first.type,
    role = first.role }
  self.plan[#self.plan + 1] = more
  return more
end

function Check:bind_medium(param, from, label, given)
  local bound = self.bound[param.name]
  if not (bound and bound.from == from) then
    if not self:take(param, from) then return end
    bound = { from = from, media = {}, list = param.type == "files" }
    self.bound[param.name] = bound
  end
  bound.media[#bound.media + 1] = self:read(label, param, given)
end

function Check:bind_list(slots, from, given)
  local list = list_of(given)
  if not list then return self:fault("%s: expected a list of media", from) end
  local most = slots[1].type == "files" and slots[1].max_count
    or slots[1].type ~= "files" and #slots
  if most and #list > most then
    self:doubt("%s: at most %d, got %d", from, most, #list)
    if self.validate then return end
  end
  for i, item in ipairs(list) do
    local label = list == given and ("%s[%d]"):format(from, i) or from
    self:bind_medium(self:slot(slots, i), from, label, item)
  end
end

function Check:bind_media(slots, from, given)
  if #slots > 1 or slots[1].type == "files" then
    return self:bind_list(slots, from, given)
  end
  self:bind_medium(slots[1], from, from, given)
end

-- Other parameters ---------------------------------------------------------

function Check:bind(param, from, given)
  if not self:take(param, from) then return end
  local value, problem = value_of.of(param, given)
  if problem then
    self:doubt("%s: %s", from, media.is(given) and "takes no file" or problem)
    value = given
  end
  self.bound[param.name] = { from = from, value = value }
end

-- Guesses ------------------------------------------------------------------

local LIKELY = { first_frame = "image_file", last_frame = "image_file2",
  reference_images = "image_files", reference_videos = "video_files",
  reference_audios = "audio_files" }
local LIKELY_LEGACY = { first_frame = "image_file1",
  last_frame = "image_file2", reference_images = "image_file",
  reference_videos = "video_file", reference_audios = "audio_file" }

-- The parameters that a role may stand for.
function Check:likely_slots(role, given)
  local legacy = self.target.api == "legacy"
  local name = (legacy and LIKELY_LEGACY or LIKELY)[role]
  if role == "first_frame" and self.given.last_frame ~= nil then
    name = "image_file1"
  end
  if role:find("_frame$") then
    return { { name = name, type = "file", role = role } }
  end
  if not legacy then
    return { { name = name, type = "files", role = role } }
  end
  local slots = {}
  for i = 1, math.max(1, #(list_of(given) or {})) do
    slots[i] = { name = name .. i, type = "file", role = role }
  end
  return slots
end

local function holds_media(given)
  if type(given) ~= "table" then return false end
  return media.is(given) or media.is(given[1])
end

-- A parameter that is in no table, sent under its name.
function Check:bind_loose(name, given, is_medium)
  if type(name) ~= "string" or name == "" then
    return self:fault("%s: no name for a parameter", tostring(name))
  end
  local slots = { { name = name, type = "any" } }
  if target_of.is_role(name) and is_medium then
    slots = self:likely_slots(name, given)
  elseif is_medium then
    local many = name:find("files$") or type(given) == "table"
      and not media.is(given)
    slots[1].type = many and "files" or "file"
  end
  for _, param in ipairs(slots) do self.plan[#self.plan + 1] = param end
  if is_medium then return self:bind_media(slots, name, given) end
  self:bind(slots[1], name, given)
end

-- Names --------------------------------------------------------------------

local function names_of(rows)
  local names, seen = {}, {}
  local function add(name)
    if name and not seen[name] then names[#names + 1] = name end
    if name then seen[name] = true end
  end
  for _, row in ipairs(rows) do
    for _, param in ipairs(row.params) do
      add(param.role)
      add(param.name)
      add(param.alias)
    end
  end
  return names
end

local function with_roles(names)
  for _, role in ipairs(catalog.roles) do names[#names + 1] = role end
  names[#names + 1] = "category"
  names[#names + 1] = "extra"
  return names
end

local function roles_of(row)
  local roles, seen = {}, {}
  for _, param in ipairs(row.params) do
    if param.role and not seen[param.role] then
      roles[#roles + 1] = param.role
      seen[param.role] = true
    end
  end
  return roles
end

-- Why this row takes no such medium, and who does.
function Check:refuse_medium(name)
  local row, rows = self.target.row, self.target.rows
  local others = target_of.categories(rows, name)
  local roles = roles_of(row)
  local hint = #others > 0 and table.concat(others, ", ") .. " takes it"
    or #roles > 0 and "it takes " .. table.concat(roles, ", ")
    or "it takes no media"
  if #others == 0 and #rows > 1 then
    hint = hint .. "; its categories are "
      .. table.concat(target_of.categories(rows), ", ")
  end
  self:doubt("%s: not taken by %s in category %s (%s)", name,
    self.target.model, row.category, hint)
end

function Check:refuse_name(name)
  local row, rows = self.target.row, self.target.rows
  local shown = #tostring(name) > 64 and "(a long name)" or tostring(name)
  local others = target_of.categories(rows, name)
  if #others > 0 then
    return self:doubt("%s: no parameter of %s in category %s (but in %s)",
      shown, self.target.model, row.category, table.concat(others, ", "))
  end
  local meant = suggest(tostring(name), with_roles(names_of(rows)))
  if meant then
    return self:doubt('%s: unknown parameter, did you mean "%s"?', shown,
      meant)
  end
  self:doubt("%s: unknown parameter of %s in category %s (known: %s)", shown,
    self.target.model, row.category, table.concat(names_of { row }, ", "))
end

function Check:refuse(name)
  if target_of.is_medium(self.target.rows, name) then
    return self:refuse_medium(name)
  end
  self:refuse_name(name)
end

-- All ----------------------------------------------------------------------

-- What the target has taken in already.
local TAKEN = { model = true, category = true, catelogid = true, extra = true }

function Check:is_taken(name)
  return TAKEN[name] or name == "llmid" and self.target.api == "legacy"
end

-- Names that the catalog has first, so that a loose one can not take a field.
function Check:bind_given()
  local row, loose = self.target.row, {}
  for _, name in ipairs(sorted_names(self.given)) do
    local slots = row and target_of.params(row, name) or {}
    if self:is_taken(name) then
      slots = nil
    elseif #slots == 0 then
      loose[#loose + 1] = name
    elseif slots[1].role then
      self:bind_media(slots, name, self.given[name])
    else
      self:bind(slots[1], name, self.given[name])
    end
  end
  for _, name in ipairs(loose) do
    self:bind_unlisted(name, self.given[name])
  end
end

function Check:bind_unlisted(name, given)
  if self.target.row and self.validate then return self:refuse(name) end
  local text = tostring(name)
  self:bind_loose(name, given, target_of.is_role(name)
    or text:find("_files?%d*$") ~= nil or holds_media(given))
end

function Check:bind_extra()
  local extra = self.given.extra
  if extra == nil then return end
  if type(extra) ~= "table" or media.is(extra) then
    return self:fault("extra: expected table, got %s", type(extra))
  end
  for _, name in ipairs(sorted_names(extra)) do
    if self.given[name] ~= nil or self.bound[name] then
      self:fault("extra.%s: it is given outside extra too", tostring(name))
    else
      self:bind_loose(name, extra[name], holds_media(extra[name]))
    end
  end
end

function Check:find_missing()
  local row = self.target.row
  for _, param in ipairs(row and row.params or {}) do
    if param.required and not self.bound[param.name] then
      if param.role then
        self:doubt("%s: needed by %s in category %s", param.role,
          self.target.model, row.category)
      else
        self:doubt("%s: missing", param.name)
      end
    end
  end
end

-- The head of every call, in the wire's order; nil is not sent.
function Check:bind_head()
  local target, given = self.target, self.given
  local head = { llmid = target.llmid, model = given.model,
    catelogid = target.category }
  if target.api == "legacy" then head.catelogid = given.catelogid end
  if target.row then
    for _, param in ipairs(target.row.params) do
      self.plan[#self.plan + 1] = param
      self.bound[param.name] = head[param.name] ~= nil
        and { from = param.name, value = head[param.name] } or nil
    end
    return
  end
  for _, name in ipairs { "llmid", "model", "catelogid" } do
    self.plan[#self.plan + 1] = { name = name, type = "any" }
    self.bound[name] = head[name] ~= nil
      and { from = name, value = head[name] } or nil
  end
end

-- An empty list of media is as good as none.
function Check:drop_empty()
  for name, bound in pairs(self.bound) do
    if bound.media and #bound.media == 0 then self.bound[name] = nil end
  end
end

-- Sending ------------------------------------------------------------------

-- URLs are text; a list of them stays one, however short.
local function add_media(out, name, bound)
  local urls = {}
  for _, medium in ipairs(bound.media) do
    if medium.url then
      urls[#urls + 1] = medium.url
    else
      out.files[#out.files + 1] = { name = name, medium = medium }
    end
  end
  if #urls > 0 then
    out.fields[#out.fields + 1] = { name, bound.list and urls or urls[1] }
  end
end

-- The plan's head and rows stay in order, what was added is sorted by name.
function Check:sort_plan()
  local fixed = self.target.row and #self.target.row.params or 3
  local loose = {}
  for i = fixed + 1, #self.plan do
    loose[#loose + 1] = self.plan[i]
    self.plan[i] = nil
  end
  table.sort(loose, function(a, b)
    if (a.name == "prompt") ~= (b.name == "prompt") then
      return a.name == "prompt"
    end
    return a.name < b.name
  end)
  for _, param in ipairs(loose) do self.plan[#self.plan + 1] = param end
end

function Check:outgoing()
  local out = { model = self.target.model, category = self.target.category,
    fields = {}, files = {} }
  self:sort_plan()
  for _, param in ipairs(self.plan) do
    local bound = self.bound[param.name]
    if bound and bound.media then
      add_media(out, param.name, bound)
    elseif bound then
      out.fields[#out.fields + 1] = { param.name, bound.value }
    end
  end
  return out
end

--- What goes out for what was given, which stays as it is; or nil and all that
--- is wrong with it. With `validate` false only that which can not be sent is
--- wrong: media that can not be read, a field given twice.
---@param api "v1"|"legacy"
---@param kind "image"|"video"
---@param given table
---@param validate? boolean
---@return yuanjing.Checked?
---@return string[]? problems
function params.check(api, kind, given, validate)
  local self = setmetatable({ given = given, validate = validate ~= false,
    problems = {}, plan = {}, bound = {} }, Check)
  self.target = target_of.of(api, kind, given, function(problem)
    self:doubt("%s", problem)
  end)
  self:bind_head()
  self:bind_given()
  self:bind_extra()
  self:find_missing()
  if #self.problems > 0 then return nil, self.problems end
  self:drop_empty()
  return self:outgoing()
end

return params
