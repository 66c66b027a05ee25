--- The file that `yuanjing batch` reads: UTF-8, one line for each picture or
-- video. It is read completely before anything is bought, and all faults are
-- reported at once.
local ascii = require "yuanjing.base.ascii"
local core = require "yuanjing.core"
local errors = require "yuanjing.errors"
local files = require "yuanjing.base.files"
local json = require "yuanjing.base.json"
local say = require("yuanjing.base.language").say

local lines = {}

---@class yuanjing.cli.Line
---@field number integer in the file, from 1
---@field params table

local MOST_SHOWN = 5

-- Accepts the line ends of all systems; skips a UTF-8 byte order mark.
local function split(text)
  local list = {}
  text = text:gsub("\r\n?", "\n")
  for line in (text .. "\n"):gmatch("(.-)\n") do
    list[#list + 1] = ascii.trim((line:gsub("^\239\187\191", "")))
  end
  return list
end

-- A line that begins with { must be an object: if it is truncated or has a
-- comma too many, it would otherwise be paid for as a prompt.
local function read_object(text)
  local params, problem = json.decode(text)
  if type(params) == "table" then return params end
  return nil, say("it begins with { and is no JSON object (%s)",
    problem or say "no JSON")
end

local function is_list(text)
  return text:find("^%[") and type(json.decode(text)) == "table"
end

-- Nil without a problem for an empty line and a comment.
local function read_line(text)
  if text == "" or text:find("^#") then return nil end
  if core.utf8_error(text) then return nil, say "it is not UTF-8" end
  if text:find("^{") then return read_object(text) end
  if is_list(text) then return nil, say "it is a JSON list, not an object" end
  return { prompt = text }
end

local function not_text(text)
  if text:find("^\255\254") or text:find("^\254\255") then
    return say "it is UTF-16: save it as UTF-8"
  end
  return text:find("%z") and say "it is no text in UTF-8" or nil
end

--- One error for all faulty lines.
---@param path string of the file
---@param problems string[]
---@return yuanjing.Error
function lines.refusal(path, problems)
  local shown = {}
  for i = 1, math.min(#problems, MOST_SHOWN) do shown[i] = problems[i] end
  if #problems > MOST_SHOWN then
    shown[MOST_SHOWN + 1] = say("and %d more", #problems - MOST_SHOWN)
  end
  return errors.new { kind = "invalid_request", attempts = 0,
    message = path .. ": " .. table.concat(shown, "; "), problems = problems,
    hint = say "nothing was sent" }
end

--- The lines with work to do; or nil and an error.
---@param path string
---@param model? string for lines without a model
---@return yuanjing.cli.Line[]?
---@return yuanjing.Error?
function lines.read(path, model)
  local text, unread = files.read(path)
  if not text then
    return nil, errors.new { kind = "io", message = unread }
  end
  local wrong = not_text(text)
  if wrong then return nil, lines.refusal(path, { wrong }) end
  local list, problems = {}, {}
  for number, line in ipairs(split(text)) do
    local params, problem = read_line(line)
    if params then
      params.model = params.model or model
      list[#list + 1] = { number = number, params = params }
    elseif problem then
      problems[#problems + 1] = say("line %d: %s", number, problem)
    end
  end
  if #problems > 0 then return nil, lines.refusal(path, problems) end
  return list
end

return lines
