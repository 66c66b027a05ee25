--- Gateways that do not keep to the standard of ids, indexes and names: each
-- variant is one habit.
local json = require "yuanjing.sandbox.server.json"
local standard = require "yuanjing.sandbox.server.chat.dialects.standard"

local record = json.record

-- A piece of a call: what is nil is missing.
local function piece_of(id, index, name, arguments)
  return record("index", index, "id", id, "function",
    record("name", name, "arguments", arguments))
end

local function opening_and_rest(id, index, name)
  return function(out, call, n)
    standard.send(out, piece_of(id(call, n), index(n), name(call), ""))
    for _, piece in ipairs(standard.pieces(call.arguments)) do
      standard.send(out, piece_of(nil, index(n), nil, piece))
    end
  end
end

local function whole(id, index)
  return function(out, call, n)
    standard.send(out, piece_of(id(call), index(n), call.name, call.arguments))
  end
end

-- Sends the pieces of the arguments; `shape` (k, call, n) gives id, index, name.
local function each(shape)
  return function(out, call, n)
    for k, piece in ipairs(standard.pieces(call.arguments)) do
      local id, index, name = shape(k, call, n)
      standard.send(out, piece_of(id, index, name, piece))
    end
  end
end

local function its_id(call) return call.id end
local function its_name(call) return call.name end
local function counted(n) return n end
local function zero() return 0 end
local function nothing() end

-- By name: what sends one call, the n-th from 0.
local SENDERS = {
  ["no-index"] = opening_and_rest(its_id, nothing, its_name),
  ["index-zero"] = whole(its_id, zero),
  ["index-one"] = opening_and_rest(its_id, function(n) return n + 1 end, its_name),
  ["index-minus"] = opening_and_rest(its_id, function(n) return -n - 1 end,
    its_name),
  ["no-id"] = whole(nothing, counted),
  ["no-id-index-zero"] = whole(nothing, zero),
  ["late-id"] = each(function(k, call, n)
    return k == 2 and call.id or nil, n, k == 1 and call.name or nil
  end),
  ["ids-anew"] = each(function(k, call, n)
    return call.id .. (k > 1 and "-" .. k or ""), n, k == 1 and call.name or nil
  end),
  ["ids-and-names-anew"] = each(function(k, call, n)
    return call.id .. (k > 1 and "-" .. k or ""), n, call.name
  end),
  ["indexes-anew"] = each(function(k, call, n)
    return call.id, n * 100 + k, k == 1 and call.name or nil
  end),
  ["name-pieces"] = function(out, call, n)
    local half = math.ceil(#call.name / 2)
    standard.send(out, piece_of(call.id, n, call.name:sub(1, half), ""))
    standard.send(out, piece_of(nil, n, call.name:sub(half + 1), ""))
    standard.send(out, piece_of(nil, n, nil, call.arguments))
  end,
  ["name-late"] = function(out, call, n)
    standard.send(out, piece_of(call.id, n, "", ""))
    standard.send(out, piece_of(call.id, n, call.name, call.arguments))
  end,
  decoded = function(out, call, n)
    standard.send(out, piece_of(call.id, n, call.name,
      json.decode(call.arguments) or record()))
  end,
  encoded = function(out, call, n)
    standard.send(out, piece_of(call.id, n, call.name,
      json.encode(call.arguments)))
  end,
}

local gateway = standard.with {
  VARIANTS = {
    ["no-index"] = "pieces without an index",
    ["index-zero"] = "whole calls, each at the index 0",
    ["index-one"] = "the first index is 1",
    ["index-minus"] = "the indexes are -1, -2, ...",
    ["no-id"] = "whole calls without ids",
    ["no-id-index-zero"] = "whole calls without ids, each at the index 0",
    ["late-id"] = "the id comes in the second piece",
    ["ids-anew"] = "a new id in each piece",
    ["ids-and-names-anew"] = "a new id and the name in each piece",
    ["indexes-anew"] = "a new index in each piece, with the id",
    ["name-pieces"] = "the name in two pieces",
    ["name-late"] = "an empty name, then the name",
    decoded = "the arguments are an object, not a text",
    encoded = "the arguments are encoded twice",
  },
}

-- By name: what a plain reply has otherwise in a call.
local WHOLE = {
  ["no-id"] = function(call) call.id = nil end,
  ["no-id-index-zero"] = function(call) call.id, call.index = nil, 0 end,
  ["index-zero"] = function(call) call.index = 0 end,
  decoded = function(call)
    local called = call["function"]
    called.arguments = json.decode(called.arguments) or record()
  end,
  encoded = function(call)
    local called = call["function"]
    called.arguments = json.encode(called.arguments)
  end,
}

function gateway.message(answer, variant)
  local message = standard.message(answer)
  for _, call in ipairs(WHOLE[variant] and message.tool_calls or {}) do
    WHOLE[variant](call)
  end
  return message
end

function gateway.calls(out, calls)
  local send = SENDERS[out.variant]
  for n, call in ipairs(calls) do send(out, call, n - 1) end
end

return gateway
