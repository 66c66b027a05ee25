--- Checks the parameters of a chat call before anything is sent: the type of
-- each, and whether they fit together.
local ascii = require "yuanjing.base.ascii"
local categories = require "yuanjing.protocol.category"
local check = require "yuanjing.base.check"
local lazy = require "yuanjing.base.lazy"
local shared = require "yuanjing.protocol.chat.parameters"
local messages = lazy.module "yuanjing.chat.message"

local params = {}

---@class yuanjing.ChatParams
---@field prompt? string what is asked; needed unless there are messages
---@field model? string "qwen3-max" when not given
---@field sys_prompt? string how the model shall answer
---@field stream? false
---@field messages? yuanjing.Message[] the conversation; replaces prompt
---@field tools? (yuanjing.Tool|table)[] what the model may call: of yuanjing.tool, or as the wire has them
---@field tool_choice? "auto"|"none"|"required"|string|table or the name of a tool
---@field schema? table a JSON schema that the answer has to fit; see `reply.data`
---@field schema_by? "json_schema"|"json_object"|"prompt" how; default: as far as the model is known to go
---@field repairs? integer how many more requests an answer that does not fit may cost (0)
---@field temperature? number how freely the model writes; how many are good is its vendor's to say
---@field top_p? number likewise, of how many words it may choose
---@field max_tokens? integer
---@field stop? string|string[]
---@field seed? integer|string a string where it has more than 15 digits
---@field response_format? table
---@field think_tags? boolean thoughts stand in the text, as `<think>...</think>`: make them `reasoning_content`
---@field category? string the platform's default is t2t, with media it is tm2t
---@field catelogid? string the wire's name for category
---@field image_file? yuanjing.AnyMedium a picture to ask about
---@field video_file? yuanjing.AnyMedium
---@field audio_file? yuanjing.AnyMedium
---@field off_peak? boolean|"Y"|"N"
---@field [string] any goes out untouched; a yuanjing.file and its like as a file

---@class yuanjing.StreamParams: yuanjing.ChatParams
---@field stream true the answer is a yuanjing.Stream

local RULES = { prompt = "string", model = "string", sys_prompt = "string",
  stream = "boolean", messages = "table", category = "string",
  [categories.FIELD] = "string", schema = "table", schema_by = "string",
  repairs = "number", think_tags = "boolean" }
for name, rule in pairs(shared) do RULES[name] = rule end

local function type_problems(given, problems)
  for name, value in pairs(given) do
    local rule = RULES[name]
    problems[#problems + 1] = rule and check.value(name, value, rule)
  end
  table.sort(problems, ascii.less)
end

local function contradiction(given)
  if categories.contradict(given.category, given[categories.FIELD]) then
    return categories.BOTH .. ": they contradict each other"
  end
end

-- A hint when the name of a field looks like "prompt" misspelt; else "".
local function misspelt(given)
  local suggest = lazy.load "yuanjing.base.suggest"
  for name, value in pairs(given) do
    if type(name) == "string" and type(value) == "string"
      and RULES[name] == nil and suggest(name, { "prompt" }) then
      return (', did you mean it by "%s"?'):format(name)
    end
  end
  return ""
end

local function is_nothing_asked(given)
  return given.messages == nil and (given.prompt == nil or given.prompt == "")
end

--- What is wrong with the parameters of a call.
---@param given yuanjing.ChatParams
---@param validate boolean false: only what JSON would make something else of
---@return string[]
function params.problems(given, validate)
  local problems = {}
  if validate then
    problems[1] = contradiction(given)
    if is_nothing_asked(given) then
      problems[#problems + 1] = "prompt: missing" .. misspelt(given)
    end
    type_problems(given, problems)
  end
  if given.messages ~= nil then
    local _, not_loaded = messages.check(given.messages, problems, validate)
    problems[#problems + 1] = not_loaded and not_loaded.message
  end
  return problems
end

return params
