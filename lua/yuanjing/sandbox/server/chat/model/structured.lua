--- Answers in JSON: to a `response_format`, or to a schema in the words of the
-- prompt.
local fill = require "yuanjing.sandbox.server.chat.model.fill"
local json = require "yuanjing.sandbox.server.json"
local results = require "yuanjing.sandbox.server.chat.model.results"
local text = require "yuanjing.sandbox.server.chat.text"

local structured = {}

local NO_JSON = "<400> InternalError.Algo.InvalidParameter: 'messages' must " ..
  "contain the word 'json' in some form, to use 'response_format' of type " ..
  "'json_object'."

-- Schemas in a text --------------------------------------------------------

local function is_schema(value)
  return type(value) == "table" and value ~= json.null and
    getmetatable(value) ~= nil and (type(value.type) == "string" or
      type(value.properties) == "table" or value.anyOf ~= nil)
end

-- The JSON that stands between braces at a place, and where it ends | nil.
local function object_at(whole, from)
  local to = whole:match("^%b{}()", from)
  if to then return json.decode(whole:sub(from, to - 1)), to end
end

-- What is said around a schema: what stands behind it, else before it.
local function around(whole, from, to)
  local behind = whole:sub(to)
  return behind:find("%S") and behind or whole:sub(1, from - 1)
end

-- A schema that stands in a text | nil, and what is said around it.
local function schema_in(whole)
  local from = whole:find("{", 1, true)
  while from do
    local value, to = object_at(whole, from)
    if is_schema(value) then
      return value, around(whole, from, to)
    end
    from = whole:find("{", from + 1, true)
  end
end

-- --------------------------------------------------------------------------

local function all_words(asked)
  local list = { asked.system }
  for _, message in ipairs(asked.messages) do list[#list + 1] = message.text end
  return table.concat(list, "\n")
end

-- What is answered about: the results of tools say more than the question.
local function subject(asked, without_schema)
  local out = {}
  for _, result in ipairs(results.last(asked)) do out[#out + 1] = result.text end
  out[#out + 1] = without_schema or asked.prompt
  return table.concat(out, ", ")
end

local function told_schema(asked)
  local schema, rest = schema_in(asked.prompt)
  if schema then return schema, rest end
  return (schema_in(asked.system))
end

local function free_object(asked)
  return json.record("answer", text.answer(asked.prompt, asked.system,
    asked.model))
end

local function in_object(asked)
  if not all_words(asked):lower():find("json", 1, true) then return nil, NO_JSON end
  local schema, rest = told_schema(asked)
  if not schema then return json.encode(free_object(asked)) end
  return json.encode(fill.whole(schema, subject(asked, rest)))
end

local function in_schema(asked)
  local given = asked.response_format.json_schema
  local schema = type(given) == "table" and given.schema or given
  if not is_schema(schema) then
    return nil, "response_format.json_schema.schema is missing"
  end
  return json.encode(fill.whole(schema, subject(asked)))
end

-- Where nothing but words asks for JSON, it comes in a fence, as from others.
local function in_words(asked)
  local schema, rest = told_schema(asked)
  if not schema or not all_words(asked):lower():find("json", 1, true) then
    return nil
  end
  return "```json\n" .. json.encode(fill.whole(schema, subject(asked, rest))) ..
    "\n```"
end

local FORMS = { json_object = in_object, json_schema = in_schema }

--- The JSON | nil: none is asked for | nil, why it is refused.
---@param asked yuanjing.sandbox.Asked
---@return string? content
---@return string? refusal
function structured.answer(asked)
  local format = asked.response_format
  local form = format and FORMS[format.type] or in_words
  return form(asked)
end

return structured
