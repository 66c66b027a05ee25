-- Writes docs/models.md from the catalog:   make docs
local catalog = require "yuanjing.generation.catalog"
local fields = require "yuanjing.protocol.fields"

local HEAD = [[
# Models

`make docs` writes this page from `yuanjing.catalog`; the checks use the same data.
If you leave a parameter out, the platform uses the default that is shown. Media have
the same names on every model: `first_frame`, `last_frame`, `reference_images`,
`reference_videos`, `reference_audios`. The names in the tables, which are the
platform's own, work too. "Good for" follows from a model's category and parameters: the
documents describe no model in words.

`client:models()` asks which of them your key can use now: its `usable` has their rows.
What they cost: [guide/account.md](guide/account.md).

## Texts

The documents name `qwen3-max` (the default of `client:chat`). The platform has more, with or without pictures and
tools: `client:models { category = "t2t" }` and `yuanjing models --category t2t` list them. The client sends
any name as it is.
]]

local TITLES = { v1 = "v1", legacy = "The legacy API (`api = \"legacy\"`)" }

local function one_of(list)
  local shown = {}
  for i, item in ipairs(list) do shown[i] = ("`%s`"):format(tostring(item)) end
  return table.concat(shown, ", ")
end

local function bounds(param)
  if param.minimum or param.maximum then
    return ("%s to %s"):format(param.minimum or "", param.maximum or "")
  end
  return param.max_count and ("at most %d"):format(param.max_count)
end

local function notes(param)
  local list = {}
  local function add(text) list[#list + 1] = text end
  if param.role then add(("`%s`"):format(param.role)) end
  if param.alias then add(("`%s` works as well"):format(param.alias)) end
  if param.flag then add("true and false work as well") end
  if param.choices then add(one_of(param.choices)) end
  add(bounds(param))
  return table.concat(list, "; ")
end

local function row(param)
  return ("| `%s` | %s | %s | %s | %s |"):format(param.name, param.type,
    param.required and "yes" or "",
    param.default ~= nil and ("`%s`"):format(tostring(param.default)) or "",
    notes(param))
end

-- What it makes, by its category and the parameters that the documents give it.
local MAKES = { t2i = "a picture from a text", t2v = "a video from a text",
  i2v = "a video from a first frame",
  ref2v = "a video with given pictures as references" }

local function named(model, name)
  for _, param in ipairs(model.params) do
    if param.name == name or param.role == name then return param end
  end
end

local function seconds(model)
  local param = named(model, "duration")
  if not param then return nil end
  local choices, most = param.choices, param.maximum
  if choices then return ("%d to %d s"):format(choices[1], choices[#choices]) end
  return most and ("%s to %s s"):format(param.minimum or 1, most) or nil
end

local function good_for(model)
  local list = { MAKES[model.category] or model.category }
  if named(model, "last_frame") then list[1] = list[1] .. " and a last one" end
  if named(model, "reference_videos") then
    list[1] = list[1] .. ", also videos and sounds"
  end
  list[#list + 1] = seconds(model)
  local resolution = named(model, "resolution")
  local choices = resolution and resolution.choices
  list[#list + 1] = choices and "up to " .. choices[#choices] or nil
  list[#list + 1] = named(model, "off_peak") and "takes `off_peak`" or nil
  return "Good for: " .. table.concat(list, ", ") .. "."
end

local function section(model)
  local lines = { ("### %s, %s"):format(model.model, model.category), "" }
  local facts = { "`client:" .. model.kind .. "`", model.vendor,
    model.llmid and "llmid `" .. model.llmid .. "`",
    model.available == false and "not opened yet" or nil }
  local shown = {}
  for i = 1, 4 do shown[#shown + 1] = facts[i] or nil end
  lines[#lines + 1] = table.concat(shown, " · ")
  lines[#lines + 1] = ""
  lines[#lines + 1] = good_for(model)
  lines[#lines + 1] = ""
  lines[#lines + 1] = "| name | type | needed | default | |"
  lines[#lines + 1] = "|---|---|---|---|---|"
  for _, param in ipairs(model.params) do
    if not fields.is_filled_in(param.name) then lines[#lines + 1] = row(param) end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function page()
  local parts, api = { HEAD }, nil
  for _, model in ipairs(catalog) do
    if model.api ~= api then
      api = model.api
      parts[#parts + 1] = "## " .. TITLES[api] .. "\n"
    end
    parts[#parts + 1] = section(model)
  end
  return table.concat(parts, "\n")
end

io.write(page())
