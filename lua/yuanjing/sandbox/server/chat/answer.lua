--- Composes an answer: the text and calls that a scenario or a test has set, else
-- those of the sandbox's own model, within the limits of the request.
local json = require "yuanjing.sandbox.server.json"
local leaks = require "yuanjing.sandbox.server.chat.leaks"
local model = require "yuanjing.sandbox.server.chat.model"
local play = require "yuanjing.sandbox.server.play"
local text = require "yuanjing.sandbox.server.chat.text"

local answers = {}

---@class yuanjing.sandbox.Call
---@field id string
---@field name string
---@field arguments string

---@class yuanjing.sandbox.Composed
---@field id string
---@field created integer
---@field model string
---@field usage_id string
---@field content string
---@field reasoning? string
---@field calls yuanjing.sandbox.Call[]
---@field finish string the reason
---@field chunks (string|number)[] the content in pieces; numbers are pauses
---@field prompt_tokens integer
---@field completion_tokens integer
---@field total_tokens integer

local count = 0 -- of answers, so that each has an id of its own

local function new_hex()
  count = count + 1
  return ngx.md5(("%s %d"):format(ngx.now(), count))
end

local function new_id()
  local hex = new_hex()
  return ("chatcmpl-%s-%s-%s-%s-%s"):format(hex:sub(1, 8), hex:sub(9, 12),
    hex:sub(13, 16), hex:sub(17, 20), hex:sub(21, 32))
end

-- Words --------------------------------------------------------------------

-- Of chunks the texts; the numbers among them are pauses.
local function texts_in(chunks)
  local texts = {}
  for _, item in ipairs(chunks) do
    if type(item) == "string" then texts[#texts + 1] = item end
  end
  return table.concat(texts)
end

-- The text that a scenario or a test has set. Calls may come without a text.
local function given_words(asked)
  local overrides = asked.overrides
  return overrides.content or overrides.echo and asked.prompt or
    overrides.chunks and texts_in(overrides.chunks) or
    overrides.calls and "" or nil
end

local function thinks(name)
  return name:find("think", 1, true) or name:find("deepseek-r1", 1, true)
end

local function thoughts(asked)
  local wanted = asked.overrides.reasoning
  if type(wanted) == "string" then return wanted end
  if not wanted and not thinks(asked.model) then return nil end
  return text.thought(asked.prompt, asked.system)
end

-- Calls --------------------------------------------------------------------

-- How many calls there were before, for ids that count them.
local function calls_before(asked)
  local before = 0
  for _, message in ipairs(asked.messages) do before = before + #message.calls end
  return before
end

local function with_ids(calls, asked, dialect)
  local before, list = calls_before(asked), {}
  for n, call in ipairs(calls or {}) do
    list[n] = { name = call.name, arguments = call.arguments,
      id = call.id or dialect.call_id(call.name, before + n - 1, new_hex()) }
  end
  return list
end

-- Limits -------------------------------------------------------------------

-- Where the first of the texts that end an answer begins.
local function cut_at_stops(content, stops)
  local first = #content + 1
  for _, stop in ipairs(stops) do
    first = math.min(first, content:find(stop, 1, true) or first)
  end
  return content:sub(1, first - 1)
end

-- The text within so many tokens, and how many are left.
local function within(whole, left)
  if not whole then return nil, left end
  local short = text.within(whole, left)
  return short, short == whole and left - text.tokens(whole) or 0
end

-- Tokens go to the thoughts first, then to the words, then to the calls.
local function limit(answer, most)
  local left = most
  local reasoning, content = answer.reasoning, answer.content
  answer.reasoning, left = within(reasoning, left)
  answer.content, left = within(content, left)
  local is_cut = answer.reasoning ~= reasoning or answer.content ~= content
  for n, call in ipairs(answer.calls) do
    local whole = call.arguments
    call.arguments, left = within(whole, left)
    is_cut = is_cut or call.arguments ~= whole
    if is_cut then
      for behind = #answer.calls, n + 1, -1 do answer.calls[behind] = nil end
      break
    end
  end
  if is_cut then answer.finish = "length" end
end

local function apply_limits(answer, asked)
  local whole = answer.content
  answer.content = cut_at_stops(whole, asked.stops)
  if asked.limit and asked.limit > 0 then limit(answer, asked.limit) end
  if answer.content ~= whole then answer.chunks = nil end
end

-- Tokens -------------------------------------------------------------------

local function all_text(asked)
  local texts = { asked.system }
  for _, message in ipairs(asked.messages) do
    texts[#texts + 1] = message.text
    for _, call in ipairs(message.calls) do
      texts[#texts + 1] = json.encode(call)
    end
  end
  return table.concat(texts, " ")
end

local function spent(answer)
  local tokens = text.tokens(answer.content) +
    (answer.reasoning and text.tokens(answer.reasoning) or 0)
  for _, call in ipairs(answer.calls) do
    tokens = tokens + text.tokens(call.name) + text.tokens(call.arguments)
  end
  return tokens
end

local function count_tokens(answer, asked)
  local given = asked.overrides.usage or {}
  local completion = spent(answer)
  if answer.finish == "length" and asked.limit then
    completion = math.min(completion, asked.limit)
  end
  answer.prompt_tokens = given.prompt_tokens or
    text.tokens(all_text(asked)) + asked.tool_tokens
  answer.completion_tokens = given.completion_tokens or completion
  answer.total_tokens = given.total_tokens or
    answer.prompt_tokens + answer.completion_tokens
end

-- --------------------------------------------------------------------------

-- The text and the calls | nil, nil, the refusal.
local function speak(asked)
  local words, calls = given_words(asked), asked.overrides.calls
  if words then return words, calls end
  local said = model.answer(asked)
  if said.refusal then return nil, nil, play.fail(400, said.refusal) end
  return said.content, said.calls
end

--- The answer | nil, the refusal.
---@param asked yuanjing.sandbox.Asked
---@param chosen yuanjing.sandbox.Chosen
---@return yuanjing.sandbox.Composed? answer
---@return yuanjing.sandbox.Play? refusal
function answers.compose(asked, chosen)
  local content, calls, refusal = speak(asked)
  if refusal then return nil, refusal end
  local answer = {
    id = new_id(), created = ngx.time(), model = asked.model,
    usage_id = "K9_" .. ngx.md5(asked.prompt):sub(1, 18),
    content = content, reasoning = thoughts(asked),
    calls = with_ids(calls, asked, chosen.dialect),
    chunks = asked.overrides.chunks or
      asked.overrides.whole and { content } or nil,
  }
  answer.finish = #answer.calls > 0 and "tool_calls" or "stop"
  if asked.overrides.leak then leaks.put(answer, asked.overrides.leak) end
  apply_limits(answer, asked)
  chosen.dialect.prepare(answer, chosen.variant)
  count_tokens(answer, asked)
  answer.chunks = answer.chunks or text.pieces(answer.content)
  return answer
end

return answers
