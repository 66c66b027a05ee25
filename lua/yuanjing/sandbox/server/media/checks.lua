--- Checks the fields of a request against a model's offer. Each function
-- returns nil or the error message.
local json = require "yuanjing.sandbox.server.json"

local checks = {}

-- By the first word of a field's name: image1_file, video_files, ...
local EXTENSIONS = {
  image = " jpg jpeg png webp gif bmp ",
  video = " mp4 mov webm avi mkv m4v ",
  audio = " mp3 wav m4a aac ogg flac ",
}

local function wrong(name, expected)
  return ("Invalid parameter %s: %s expected"):format(name, expected)
end

local function is_missing(value)
  return value == nil or value == "" or value == json.null
end

-- Texts --------------------------------------------------------------------

local function is_among(value, choices)
  local least, most = choices:match("^(%d+)%.%.(%d+)$")
  if least then
    local number = tonumber(value)
    return number >= tonumber(least) and number <= tonumber(most)
  end
  return ("," .. choices .. ","):find("," .. value .. ",", 1, true) ~= nil
end

-- A form has only texts; in JSON a number is a number.
local function as_integer(value, is_form)
  if is_form then
    return type(value) == "string" and value:match("^%-?%d+$")
  end
  return type(value) == "number" and value % 1 == 0 and
    ("%.0f"):format(value)
end

local function as_text(value)
  return type(value) == "string" and value
end

local function check_value(rule, value, is_form)
  local text
  if rule.kind == "integer" then
    text = as_integer(value, is_form)
    if not text then return wrong(rule.name, "integer") end
  else
    text = as_text(value)
    if not text then return wrong(rule.name, "string") end
  end
  if rule.choices and not is_among(text, rule.choices) then
    return wrong(rule.name, "one of " .. rule.choices)
  end
end

-- Files --------------------------------------------------------------------

local function check_file(file)
  local allowed = EXTENSIONS[file.name:match("^%l+")] or ""
  local extension = file.filename:lower():match("%.(%w+)$")
  if not extension or not allowed:find(" " .. extension .. " ", 1, true) then
    return ("Invalid file type for %s: %s"):format(file.name, file.filename)
  end
  if file.size == 0 then return "Empty file: " .. file.name end
end

-- One file, or for the kind "files" at most `choices`.
local function check_count(rule, count)
  local most = rule.kind == "file" and 1 or tonumber(rule.choices)
  if most and count > most then
    return wrong(rule.name, ("at most %d file%s"):format(most,
      most == 1 and "" or "s"))
  end
end

-- The number of addresses in a field's text, and whether all of them are
-- valid. A picture may be given by URL, or as an asset.
local function count_addresses(value)
  if is_missing(value) then return 0, true end
  local list, count = type(value) == "table" and value or { value }, 0
  for _, item in ipairs(list) do
    count = count + (checks.is_medium(item) and 1 or 0)
  end
  return count, count == #list
end

local function check_files(rule, files, value)
  local count, is_all = count_addresses(value)
  if count > 0 and not is_all then
    return wrong(rule.name, "files, URLs or asset://ID")
  end
  for _, file in ipairs(files) do
    if file.name == rule.name then
      local problem = check_file(file)
      if problem then return problem end
      count = count + 1
    end
  end
  if count == 0 and rule.required then
    return "Missing required parameter: " .. rule.name
  end
  return check_count(rule, count)
end

--- Whether a JSON value is a medium: an address, an asset, or bytes in base64.
---@return boolean
function checks.is_medium(value)
  if type(value) ~= "string" then return false end
  if value:find("^https?://[^/%s]+") then return true end
  if value:find("^asset://[^/%s]+$") then return true end
  local data = value:match("^data:[%w.+-]+/[%w.+-]+;base64,(.*)$") or value
  return #data > 0 and #data % 4 == 0 and ngx.decode_base64(data) ~= nil
end

-- The legacy API takes media as texts or files.
local function check_legacy_medium(rule, value, files)
  if is_missing(value) then return check_files(rule, files) end
  if not checks.is_medium(value) then
    return wrong(rule.name, "URL or base64")
  end
end

-- --------------------------------------------------------------------------

local function check(rule, seen, offer)
  local value = seen.fields[rule.name]
  if rule.kind == "file" or rule.kind == "files" then
    if offer.llmid then return check_legacy_medium(rule, value, seen.files) end
    return check_files(rule, seen.files, value)
  end
  if not is_missing(value) then
    return check_value(rule, value, seen.form ~= nil)
  end
end

--- Checks a text that every request must have.
function checks.text(seen, name)
  local value = seen.fields[name]
  if is_missing(value) then return "Missing required parameter: " .. name end
  if type(value) ~= "string" then return wrong(name, "string") end
end

--- Checks everything that a model needs.
---@param seen yuanjing.sandbox.Seen
---@param offer yuanjing.sandbox.Offer
---@return string? refusal
function checks.offer(seen, offer)
  for _, rule in ipairs(offer.rules) do
    local problem = check(rule, seen, offer)
    if problem then return problem end
  end
  local known = {}
  for _, rule in ipairs(offer.rules) do known[rule.name] = true end
  for _, file in ipairs(seen.files) do
    if #offer.rules > 0 and not known[file.name] then
      return "Unknown file field: " .. file.name
    end
  end
end

return checks
