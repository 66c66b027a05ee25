--- POST /llmage/v1/chat/completions and /llmage/t2t: one JSON object or a
-- stream, both with the fields of the platform's captured answers.
local json = require "yuanjing.sandbox.server.json"
local play = require "yuanjing.sandbox.server.play"
local request = require "yuanjing.sandbox.server.request"
local text = require "yuanjing.sandbox.server.text"

local chat = {}

-- What was asked -----------------------------------------------------------

-- A message's content: a text, or a list of parts some of which are texts.
local function plain(content)
  if type(content) ~= "table" then return tostring(content or "") end
  local out = {}
  for _, part in ipairs(content) do
    if type(part) == "table" and part.text then out[#out + 1] = part.text end
  end
  return table.concat(out, " ")
end

-- `messages` replaces the prompt.
local function read_messages(asked, messages)
  for _, message in ipairs(messages) do
    if type(message) == "table" then
      local content = plain(message.content)
      if message.role == "system" then asked.system = content end
      if message.role == "user" then asked.prompt = content end
    end
  end
end

--- The prompt of a request: the last user's message, if there are messages.
---@param fields table
---@return string
function chat.prompt(fields)
  local asked = { prompt = plain(fields.prompt) }
  if type(fields.messages) == "table" then
    read_messages(asked, fields.messages)
  end
  return asked.prompt
end

local MEDIA = { "image_file", "video_file", "audio_file" }

-- Whoever looks at pictures heeds the prompt alone.
local function has_media(seen)
  for _, name in ipairs(MEDIA) do
    if request.is_true(seen.fields[name]) then return true end
  end
  return #seen.files > 0
end

local function media_refusal(seen)
  if seen.form and seen.form.problem then
    return play.fail(400, "Malformed multipart body: " .. seen.form.problem)
  elseif seen.fields.catelogid ~= "tm2t" then
    return play.fail(400, "Files need the catelogid tm2t")
  end
end

-- What is asked | nil, the refusal. The order of the checks is the platform's.
local function read(seen)
  local fields, asked = seen.fields, { latency = seen.latency }
  asked.system = plain(fields.sys_prompt)
  if has_media(seen) then
    local refusal = media_refusal(seen)
    if refusal then return nil, refusal end
    fields.messages = nil
  end
  if type(fields.messages) == "table" and #fields.messages > 0 then
    read_messages(asked, fields.messages)
    asked.prompt = asked.prompt or ""
  else
    local prompt, refusal = request.required(seen, "prompt")
    if not prompt then return nil, refusal end
    asked.prompt = plain(prompt)
  end
  local model, refusal = request.required(seen, "model")
  if not model then return nil, refusal end
  asked.model = tostring(model)
  asked.overrides = seen.overrides or {} -- a scenario's
  asked.stream = request.is_true(fields.stream)
  return asked
end

local function thinks(model)
  return model:find("think", 1, true) or model:find("deepseek-r1", 1, true)
end

-- What to say --------------------------------------------------------------

local count = 0 -- of answers, so that each has an id of its own

local function new_id()
  count = count + 1
  local hex = ngx.md5(("%s %d"):format(ngx.now(), count))
  return ("chatcmpl-%s-%s-%s-%s-%s"):format(hex:sub(1, 8), hex:sub(9, 12),
    hex:sub(13, 16), hex:sub(17, 20), hex:sub(21, 32))
end

-- Of chunks the texts; the numbers among them are pauses.
local function texts_in(chunks)
  local texts = {}
  for _, item in ipairs(chunks) do
    if type(item) == "string" then texts[#texts + 1] = item end
  end
  return table.concat(texts)
end

local function words(asked)
  local overrides = asked.overrides
  return overrides.content or overrides.echo and asked.prompt or
    overrides.chunks and texts_in(overrides.chunks) or
    text.answer(asked.prompt, asked.system, asked.model)
end

local function thoughts(asked)
  local wanted = asked.overrides.reasoning
  if type(wanted) == "string" then return wanted end
  if not wanted and not thinks(asked.model) then return nil end
  return text.thought(asked.prompt, asked.system)
end

local function count_tokens(answer, asked)
  local given = asked.overrides.usage or {}
  answer.prompt_tokens = given.prompt_tokens or
    text.tokens(asked.prompt .. " " .. asked.system)
  answer.completion_tokens = given.completion_tokens or
    text.tokens(answer.content) +
    (answer.reasoning and text.tokens(answer.reasoning) or 0)
  answer.total_tokens = given.total_tokens or
    answer.prompt_tokens + answer.completion_tokens
end

local function compose(asked)
  local answer = {
    id = new_id(), created = ngx.time(), model = asked.model,
    usage_id = "K9_" .. ngx.md5(asked.prompt):sub(1, 18),
    content = words(asked), reasoning = thoughts(asked),
    whole = asked.overrides.whole, chunks = asked.overrides.chunks,
  }
  count_tokens(answer, asked)
  return answer
end

local function cached()
  return json.record("cached_tokens", 0)
end

-- As one object ------------------------------------------------------------

local function reply(answer)
  local message = json.record("content", answer.content, "role", "assistant")
  if answer.reasoning then message.reasoning_content = answer.reasoning end
  local usage = json.record("completion_tokens", answer.completion_tokens,
    "prompt_tokens", answer.prompt_tokens, "prompt_tokens_details", cached(),
    "total_tokens", answer.total_tokens)
  return json.record("id", answer.id, "object", "chat.completion",
    "created", answer.created,
    "choices", { json.record("finish_reason", "stop", "index", 0,
      "message", message) },
    "model", answer.model,
    "reasoning_content", answer.reasoning or json.null,
    "content", answer.content, "finish", "1", "usage", usage)
end

-- As a stream --------------------------------------------------------------

local function chunk(answer, choice, content, reasoning)
  return json.record("id", answer.id, "object", "chat.completion.chunk",
    "created", answer.created, "choices", { choice }, "model", answer.model,
    "reasoning_content", reasoning or json.null, "content", content,
    "finish", "0", "llmusageid", answer.usage_id)
end

local function first(answer)
  local delta = json.record("content", "", "role", "assistant")
  return chunk(answer, json.record("logprobs", json.null, "index", 0,
    "delta", delta), "")
end

local function said(answer, piece)
  local delta = json.record("content", piece, "role", json.null)
  return chunk(answer, json.record("delta", delta, "index", 0), piece)
end

local function thought(answer, piece)
  local delta = json.record("content", "", "role", json.null,
    "reasoning_content", piece)
  return chunk(answer, json.record("delta", delta, "index", 0), "", piece)
end

local function finish(answer)
  local delta = json.record("content", "", "role", json.null)
  return chunk(answer, json.record("delta", delta, "index", 0,
    "finish_reason", "stop"), "")
end

local function last(answer)
  local usage = json.record("total_tokens", answer.total_tokens,
    "completion_tokens", answer.completion_tokens,
    "prompt_tokens", answer.prompt_tokens, "prompt_tokens_details", cached())
  return json.record("id", answer.id, "object", "chat.completion.chunk",
    "created", answer.created, "choices", {}, "model", answer.model,
    "finish", "1", "usage", usage, "llmusageid", answer.usage_id)
end

local function pieces(answer)
  if answer.chunks then return answer.chunks end
  return answer.whole and { answer.content } or text.pieces(answer.content)
end

local function stream(answer)
  local items = { { chunk = first(answer) } }
  for _, piece in ipairs(text.pieces(answer.reasoning or "")) do
    items[#items + 1] = { chunk = thought(answer, piece) }
  end
  for _, piece in ipairs(pieces(answer)) do
    items[#items + 1] = type(piece) == "number" and { pause = piece } or
      { chunk = said(answer, piece), said = true }
  end
  items[#items + 1] = { chunk = finish(answer) }
  items[#items + 1] = { chunk = last(answer) }
  items[#items + 1] = { done = true }
  return items
end

---@param seen yuanjing.sandbox.Seen
function chat.complete(seen)
  local asked, refusal = read(seen)
  if not asked then return refusal end
  local answer = compose(asked)
  if not asked.stream then return play.json(200, reply(answer)) end
  return play.stream(stream(answer), asked.latency)
end

return chat
