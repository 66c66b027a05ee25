--- Media in a chat: a field with a picture, a video or a sound goes out as a
-- part of a form, in the category tm2t (docs/platform.md#seen-elsewhere). A
-- local path never goes out inside JSON.
local ascii = require "yuanjing.base.ascii"
local categories = require "yuanjing.protocol.category"
local core = require "yuanjing.core"
local fields = require "yuanjing.protocol.fields"
local form = require "yuanjing.protocol.form"
local media = require "yuanjing.base.media"
local types = require "yuanjing.base.media.types"

local chat_media = {}

--- The category of a chat with media.
chat_media.CATEGORY = "tm2t"

local function holds_media(name, value)
  return type(name) == "string"
    and (fields.is_of_chat_media(name) or media.is_or_holds(value))
    and value ~= nil
end

local function list_of(value)
  if type(value) ~= "table" or media.is(value) then return { value }, false end
  return value, true
end

local function read(name, value, problems)
  local items, is_list = list_of(value)
  local found = {}
  for i, item in ipairs(items) do
    local medium, problem = media.read_to_send(item)
    if not medium then
      problems[#problems + 1] = ("%s: %s"):format(
        is_list and ("%s[%d]"):format(name, i) or name, problem)
    end
    found[#found + 1] = medium
  end
  if #items == 0 and problems then
    problems[#problems + 1] = name .. ": expected a medium, or a list of media"
  end
  return found, is_list
end

-- What looks like a yuanjing.file whose maker was forgotten.
local FILE_FIELDS = { path = true, name = true, type = true }

local function looks_like_file(value)
  if type(value) ~= "table" or type(value.path) ~= "string" then return false end
  for key in pairs(value) do
    if not FILE_FIELDS[key] then return false end
  end
  return true
end

-- Names that people give to media, and that the platform does not know.
local GUESSED = { "^images?$", "^pictures?$", "^videos?$", "^audios?$",
  "^files?$" }

local function may_mean_media(name)
  return type(name) == "string" and ascii.matches_any(name, GUESSED)
end

local PLACES = table.concat(fields.OF_CHAT, ", "):gsub(", ([^,]*)$", " or %1")

-- The first text of a field that names a file of this machine.
local function local_path(value)
  for _, item in ipairs(type(value) == "table" and value or { value }) do
    if type(item) == "string" and types.of_name(item)
      and not item:find("^[A-Za-z][0-9A-Za-z+.-]+:") then
      return item
    end
  end
end

local function check_plain(name, value, problems, validate)
  local path = validate and may_mean_media(name) and local_path(value)
  if path then
    problems[#problems + 1] = ("%s: %q would go out as a text; the platform "
      .. "takes a file as %s"):format(name, path, PLACES)
  end
  -- NB: a long conversation is walked in C, unless there may be a file in it.
  if core.is_plain(value, "path") then return end
  local place = media.place_in(value, tostring(name))
  if place then
    problems[#problems + 1] = ("%s: a file can not go out from inside a table: "
      .. "give it beside the prompt, as %s = yuanjing.file(path)")
      :format(place, fields.OF_CHAT[1])
    return
  end
  place = validate and media.place_in(value, tostring(name), looks_like_file)
  if place then
    problems[#problems + 1] = place .. ": a table with a path is no file: "
      .. "yuanjing.file(path) makes one"
  end
end

---@class yuanjing.ChatMedia
---@field fields { [1]: string, [2]: any }[] URLs and ids of assets, which are texts
---@field files yuanjing.SentMedium[]
---@field taken table<string, boolean> the names of those parameters

--- The media among the parameters of a chat; nil where there are none.
---@param params table
---@param problems string[] is told what can not go out
---@param validate boolean
---@return yuanjing.ChatMedia?
function chat_media.of(params, problems, validate)
  local found = { fields = {}, files = {}, taken = {} }
  local names = {}
  for name in pairs(params) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    return ascii.less(tostring(a), tostring(b))
  end)
  for _, name in ipairs(names) do
    if holds_media(name, params[name]) then
      found.taken[name] = true
      form.add_media(found, name, read(name, params[name], problems))
    else
      check_plain(name, params[name], problems, validate)
    end
  end
  return next(found.taken) and found or nil
end

-- The model first: a log is easier to read then.
local function sorted_fields(body)
  local list = {}
  for name, value in pairs(body) do
    local is_said = name ~= "stream" or value -- "false" would be true
    if is_said then list[#list + 1] = { name, value } end
  end
  table.sort(list, function(a, b)
    if (a[1] == "model") ~= (b[1] == "model") then return a[1] == "model" end
    return ascii.less(tostring(a[1]), tostring(b[1]))
  end)
  return list
end

--- The form of a chat with files.
---@param body table<string, any> the other fields
---@param files yuanjing.SentMedium[]
---@param problems string[] is told what can not be said in a form
---@return yuanjing.Checked
function chat_media.form(body, files, problems)
  local checked = { model = body.model, category = body[categories.FIELD],
    fields = sorted_fields(body), files = files }
  form.check(checked.fields, function(name, problem)
    problems[#problems + 1] = ("%s: %s"):format(name, problem)
  end)
  return checked
end

return chat_media
