--- Unusual shapes of chunks and replies.
local json = require "yuanjing.sandbox.server.json"

local function middle(answer)
  return math.floor(answer:count() / 2)
end

-- Inserts a copy of a text chunk, changed by `edit`, in the middle.
local function add_copy(answer, edit)
  for _, item in ipairs(answer.items) do
    if item.said then
      local copy = json.copy(item.chunk)
      edit(copy)
      return answer:insert(middle(answer), { chunk = copy })
    end
  end
end

-- Changes a reply that is not a stream.
local function edit_reply(answer, edit)
  local reply = json.decode(answer:body_text())
  if type(reply) == "table" and reply.choices then
    edit(reply)
    answer:set_body(json.encode(reply))
  end
end

local function null_content(part)
  part.content = json.null
  local choice = part.choices[1]
  if choice then (choice.delta or choice.message).content = json.null end
end

local function null_role(part)
  local choice = part.choices[1]
  if choice then (choice.delta or choice.message).role = json.null end
end

local function finish_reason(part, reason)
  local choice = part.choices[1]
  if choice and choice.finish_reason then choice.finish_reason = reason end
end

local function openai_only(part)
  part.content, part.reasoning_content = nil, nil
  part.finish, part.llmusageid = nil, nil
end

-- Changes a stream's chunks, or the reply.
local function each(answer, edit)
  if answer.stream then return answer:each_chunk(edit) end
  edit_reply(answer, edit)
end

return {
  { name = "content-null", help = "content is null: in a chunk of its own, " ..
    "or in the whole reply",
    change = function(answer)
      if answer.stream then return add_copy(answer, null_content) end
      edit_reply(answer, null_content)
    end },
  { name = "role-null", help = "the role is null everywhere",
    change = function(answer) each(answer, null_role) end },
  { name = "no-choices", only = "stream",
    help = "a chunk without choices and without text is in the middle",
    change = function(answer)
      add_copy(answer, function(chunk)
        chunk.choices, chunk.content = nil, ""
      end)
    end },
  { name = "usage-only", only = "stream",
    help = "a chunk with nothing but usage is in the middle",
    change = function(answer)
      local usage = json.record("total_tokens", 3, "completion_tokens", 1,
        "prompt_tokens", 2)
      answer:insert(middle(answer), { chunk = json.record("usage", usage) })
    end },
  { name = "top-only", only = "stream",
    help = "the text stands in the top-level content alone: no choices",
    change = function(answer)
      answer:each_chunk(function(chunk) chunk.choices = nil end)
    end },
  { name = "delta-only",
    help = "as OpenAI has it: no top-level content, finish or llmusageid",
    change = function(answer) each(answer, openai_only) end },
  { name = "no-usage", help = "usage is missing",
    change = function(answer)
      each(answer, function(part) part.usage = nil end)
    end },
  { name = "finish", takes = "text", default = "length",
    help = "another finish_reason than stop",
    change = function(answer, reason)
      each(answer, function(part) finish_reason(part, reason) end)
    end },
  { name = "two-values", only = "plain",
    help = "a second JSON value right behind the reply",
    change = function(answer)
      answer:set_body(answer:body_text() ..
        '{"status": "SUCCEEDED", "taskid": "936759404378734592"}')
    end },
  { name = "broken", help = "JSON that can not be read: the reply, or an " ..
    "event in the middle",
    change = function(answer)
      if answer.stream then
        return answer:insert(middle(answer),
          { event = '{"id": "chatcmpl-0", "choices": [{]}' })
      end
      answer:set_body((answer:body_text():gsub(": ", " ", 1)))
    end },
}
