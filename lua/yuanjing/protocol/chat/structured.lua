--- How a model is asked for JSON of a certain form: what the wire has for that, how
-- far each family of models goes, and how a vendor refuses it.
local ascii = require "yuanjing.base.ascii"

local structured = {}

--- The ways, from the strictest on. In "prompt" there are words alone.
structured.WAYS = { "json_schema", "json_object", "prompt" }

-- Families whose vendors document less than a schema, by the beginning of the name.
local BEGINS_WITH = { { "deepseek", "json_object" }, { "glm", "json_object" },
  { "minimax", "json_object" }, { "doubao%-1%-5", "json_object" } }

-- JSON mode and schemas are about objects.
local function takes_objects_only(schema)
  return schema.type ~= nil and schema.type ~= "object"
end

local function first_way(model, schema)
  if takes_objects_only(schema) then return "prompt" end
  local name = ascii.lower(model or "")
  for _, row in ipairs(BEGINS_WITH) do
    if name:find("^" .. row[1]) or name:find("/" .. row[1]) then return row[2] end
  end
  return structured.WAYS[1]
end

--- The ways to try, one after the other.
---@param model? string
---@param schema table
---@param given? string the one to begin with
---@return string[]
function structured.ways(model, schema, given)
  local first, list = given or first_way(model, schema), {}
  for _, way in ipairs(structured.WAYS) do
    if way == first or #list > 0 then list[#list + 1] = way end
  end
  return list
end

--- What goes into `response_format`; nil: nothing.
---@param way string
---@param schema table
---@return table?
function structured.format(way, schema)
  if way == "json_object" then return { type = "json_object" } end
  if way ~= "json_schema" then return nil end
  return { type = "json_schema",
    json_schema = { name = "answer", schema = schema } }
end

local NAMES = { "response_format", "json_schema", "json_object", "json mode",
  "structured output" }

--- Whether an error refuses that way of asking: it names it, and nothing was
--- answered.
---@param err yuanjing.Error
---@return boolean
function structured.is_refusal(err)
  if err.partial and err.partial ~= "" then return false end
  local is_answer = err.kind == "invalid_request" and err.status ~= nil
    or err.kind == "platform"
  local text = ascii.lower(tostring(err.message) .. " "
    .. tostring(err.code or "") .. " " .. (err.body or ""))
  for _, name in ipairs(is_answer and NAMES or {}) do
    if text:find(name, 1, true) then return true end
  end
  return false
end

return structured
