--- Kimi: an id has the tool's name and a number, and comes with the name in each
-- piece; the usage is inside the choice; five forms of a call without arguments.
local json = require "yuanjing.sandbox.server.json"
local standard = require "yuanjing.sandbox.server.chat.dialects.standard"

local record = json.record

local kimi = standard.with {
  VARIANTS = {
    blank = 'no arguments are "", then "{}"',
    object = 'no arguments are "{}" alone',
    missing = "no arguments: no such field, then \"{}\"",
    null = "no arguments are null, then \"{}\"",
    nothing = "no arguments: nothing at all",
    pair = "two pieces of a call in one chunk",
    digits = 'the id of a call is "0", "1", ...',
  },
}

function kimi.call_id(name, n)
  return ("functions.%s:%d"):format(name, n)
end

-- The ids are made before the variant is known.
function kimi.prepare(answer, variant)
  if variant ~= "digits" then return end
  for _, call in ipairs(answer.calls) do
    call.id = call.id:match("^functions%.[%w_-]+:(%d+)$") or call.id
  end
end

local function piece_of(call, index, arguments)
  return record("index", index, "id", call.id, "type", "function", "function",
    record("name", call.name, "arguments", arguments))
end

-- What comes for "{}", piece by piece; false: no such field.
local EMPTY = {
  blank = { "", "{}" }, object = { "{}" }, missing = { false, "{}" },
  null = { json.null, "{}" }, nothing = { false },
}

local function arguments_in(out, call)
  if call.arguments == "{}" then return EMPTY[out.variant or "blank"] or { "{}" } end
  local pieces = standard.pieces(call.arguments)
  table.insert(pieces, 1, "")
  return pieces
end

function kimi.calls(out, calls)
  for n, call in ipairs(calls) do
    local index = n - 1
    if out.variant == "pair" then
      standard.send(out, piece_of(call, index, ""), record("index", index,
        "function", record("arguments", call.arguments)))
    else
      for _, arguments in ipairs(arguments_in(out, call)) do
        standard.send(out, piece_of(call, index, arguments or nil))
      end
    end
  end
end

function kimi.finish(out, reason)
  out:choice(record("index", 0, "delta", record(), "finish_reason", reason,
    "usage", out:usage()))
end

return kimi
