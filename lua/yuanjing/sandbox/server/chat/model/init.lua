--- The sandbox's own model. It does not think, but it remembers the conversation,
-- calls a tool whose words fit, answers in JSON to a schema, and sees the size and
-- the colour of a picture. The same request always gets the same answer.
local memory = require "yuanjing.sandbox.server.chat.model.memory"
local pictures = require "yuanjing.sandbox.server.chat.model.pictures"
local results = require "yuanjing.sandbox.server.chat.model.results"
local structured = require "yuanjing.sandbox.server.chat.model.structured"
local text = require "yuanjing.sandbox.server.chat.text"
local tools = require "yuanjing.sandbox.server.chat.model.tools"

local model = {}

---@class yuanjing.sandbox.Opinion
---@field content? string
---@field calls? { name: string, arguments: string }[]
---@field refusal? string why nothing is answered

--- What it says to a request.
---@param asked yuanjing.sandbox.Asked
---@return yuanjing.sandbox.Opinion
function model.answer(asked)
  local calls = tools.calls(asked)
  if calls then return { content = "", calls = calls } end
  local json, refusal = structured.answer(asked)
  if json or refusal then return { content = json, refusal = refusal } end
  return { content = results.answer(asked) or pictures.answer(asked) or
    memory.answer(asked) or
    text.answer(asked.prompt, asked.system, asked.model) }
end

return model
