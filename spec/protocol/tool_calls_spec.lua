-- Pieces of tool calls as vendors send them, and the calls they come to.
local tool_calls = require "yuanjing.protocol.chat.tool_calls"

-- A piece: id, index, name, arguments; nil for a missing one.
local function piece(id, index, name, arguments)
  return { id = id, index = index,
    ["function"] = { name = name, arguments = arguments } }
end

-- "id name arguments" of each call, and "!" behind a broken one.
local function shown(calls)
  local list = {}
  for n, call in ipairs(calls or {}) do
    list[n] = ("%s %s %s%s"):format(call.id, call.name, call.raw,
      call.error and "!" or "")
  end
  return list
end

local X, Y = '{"x":1}', '{"y":2}'

local rows = {
  { "pieces go to the call of their index", {
    piece("a", 0, "f", ""), piece("b", 1, "g", ""), piece(nil, 0, nil, X),
    piece(nil, 1, nil, Y) }, "a f " .. X, "b g " .. Y },
  { "an empty id is none", { piece("a", 0, "f", ""), piece("", 0, nil, '{"x"'),
    piece("", 0, nil, ":1}"), { id = "", index = 0, ["function"] = {} } },
    "a f " .. X },
  { "no arguments are an empty object", { piece("0", 0, "f") }, "0 f {}" },
  { "null arguments are an empty object", { piece("0", 0, "f", "null") },
    "0 f {}" },
  { "a call is known by its id at any index", { piece("a", 0, "f", '{"x"'),
    piece("a", 1, "f", ":1}") }, "a f " .. X },
  { "a repeated id and name is one call", { piece("a", 0, "f", '{"x"'),
    piece("a", 0, "f", ":1"), piece("a", 0, "f", "}") }, "a f " .. X },
  { "a new id with a name begins a call, whatever the index", {
    piece("a", 0, "f", X), piece("b", 0, "f", X) }, "a f " .. X, "b f " .. X },
  { "ids without an index", { piece("a", nil, "f", X), piece("b", nil, "g", Y) },
    "a f " .. X, "b g " .. Y },
  { "pieces without id and index go to the newest call", {
    piece("a", nil, "f", ""), piece(nil, nil, nil, X), piece("b", nil, "f", ""),
    piece(nil, nil, nil, "{}") }, "a f " .. X, "b f {}" },
  { "whole calls at one index without ids", { piece(nil, 0, "f", X),
    piece(nil, 0, "g", Y) }, "call_1 f " .. X, "call_2 g " .. Y },
  { "an id that was given is not made up again", { piece("call_2", 0, "f", X),
    piece(nil, 1, "g", Y) }, "call_2 f " .. X, "call_3 g " .. Y },
  { "any number is an index", { piece("a", 1, "f", "{}"),
    piece("b", -1, "g", "{}") }, "a f {}", "b g {}" },
  { "an id for each piece", { piece("a", 0, "f", '{"x"'), piece("b", 0, nil, ":1"),
    piece("c", 0, nil, "}") }, "a f " .. X },
  { "an id and the name for each piece", { piece("a", 0, "f", '{"x"'),
    piece("b", 0, "f", ":1"), piece("c", 0, "f", "}") }, "a f " .. X },
  { "an id that comes late", { piece(nil, 0, "f", '{"x"'),
    piece("a", 0, nil, ":1}") }, "a f " .. X },
  { "an empty name first", { piece("a", 0, "", ""), piece("a", 0, "f", X) },
    "a f " .. X },
  { "a name in pieces", { piece("a", 0, "get_", ""), piece(nil, 0, "weather", ""),
    piece(nil, 0, nil, "{}") }, "a get_weather {}" },
  { "the whole arguments again at the end", { piece("a", 0, "f", '{"x":'),
    piece(nil, 0, nil, "1}"), piece(nil, 0, nil, X) }, "a f " .. X },
  { "a whole call repeated without its id", { piece("a", 0, "f", X),
    piece(nil, 0, "f", X) }, "a f " .. X },
  { "an empty object before the pieces", { piece("a", 0, "f", "{}"),
    piece(nil, 0, nil, '{"x"'), piece(nil, 0, nil, ":1}") }, "a f " .. X },
  { "arguments that are an object already", { piece("a", 0, "f", { x = 1 }) },
    "a f " .. X },
  { "an old function_call", { { name = "f", arguments = '{"x"' },
    { arguments = ":1}" } }, "call_1 f " .. X },
  { "half characters in two pieces", { piece("a", 0, "f", '{"x":"\237\160\189'),
    piece(nil, 0, nil, '\237\184\128"}') }, 'a f {"x":"😀"}' },
  { "arguments that break off", { piece("a", 0, "f", '{"x":') }, 'a f {"x":!' },
  { "arguments that are a list", { piece("a", 0, "f", "[1]") }, "a f [1]!" },
  { "a call without a name", { piece("a", 0, nil, X) }, "a  " .. X .. "!" },
  { "an id that one call had is another's, once that is whole", {
    piece("0", 0, "f", X), piece("0", 0, "g", Y) }, "0 f " .. X, "0_2 g " .. Y },
  { "an id says whose the piece is, also at another index", {
    piece("a", 0, "f", ""), piece("a", 1, nil, '{"x"'), piece(nil, 1, nil, ":1}") },
    "a f " .. X },
  { "arguments that are all said by then, each time", {
    piece("a", 0, "f", '{"x'), piece(nil, 0, nil, '{"x":'), piece(nil, 0, nil, X) },
    "a f " .. X },
  { "a prefix that can be read goes on", { piece("a", 0, "f", "{}"),
    piece(nil, 0, nil, " ") }, "a f {} " },
  { "two entries of one index", { piece("a", 0, "f", ""), piece(nil, 0, nil, X) },
    "a f " .. X },
  { "a number for an id", { piece(7, 0, "f", X) }, "7 f " .. X },
  { "an id and a name that are no UTF-8", { piece("a\255", 0, "f\255", X) },
    "a\239\191\189 f\239\191\189 " .. X },
  { "an index that is a text", { piece("a", "0", "f"), piece("b", "1", "g"),
    piece(nil, "0", nil, X), piece(nil, "1", nil, Y) }, "a f " .. X, "b g " .. Y },
  { "blank arguments, and an empty text, are an empty object", {
    piece("a", 0, "f", " \n"), piece("b", 1, "f", " null "),
    piece("c", 2, "f", '""') }, "a f {}", "b f {}", "c f {}" },
  { "arguments that are all said by then, each time and once more", {
    piece("a", 0, "f", '{"x'), piece("a", 0, "f", '{"x'), piece("a", 0, "f", X),
    piece("a", 0, "f", X) }, "a f " .. X },
  { "arguments that are an object each time", { piece("a", 0, "f", "{}"),
    piece("a", 0, "f", X), piece("a", 0, "f", '{"x":1,"y":2}') },
    'a f {"x":1,"y":2}' },
  { "an empty object behind the pieces", { piece("a", 0, "f", X),
    piece(nil, 0, nil, "{}") }, "a f " .. X },
  { "one id for two whole calls", { piece("a", 0, "f", X), piece("a", 1, "f", Y) },
    "a f " .. X, "a_2 f " .. Y },
  { "a piece with nothing in it", { piece("a", 0, "f", X), piece("", 1, "", "") },
    "a f " .. X },
  { "nothing", {} },
  { "a call of nothing", { piece("", 0, "", ""), {} } },
}

describe("tool_calls", function()
  for _, row in ipairs(rows) do
    it("merges: " .. row[1], function()
      assert.same({ (table.unpack or unpack)(row, 3) },
        shown(tool_calls.merge(row[2])))
    end)
  end

  it("has the arguments as a table, and none of what is broken", function()
    local calls = tool_calls.merge { piece("a", 0, "f", X),
      piece("b", 1, "g", "{"), piece("c", 2, "h", '"{\\"x\\":1}"') }
    assert.same({ { x = 1 }, nil, { x = 1 } },
      { calls[1].arguments, calls[2].arguments, calls[3].arguments })
    assert.equal("the arguments are no JSON object", calls[2].error)
  end)

  it("is nil without calls", function()
    assert.is_nil(tool_calls.merge {})
    assert.is_nil(tool_calls.merge { "x", 5 })
  end)

  it("gives the same list each time", function()
    local calls = tool_calls.new()
    calls:add(piece(nil, 0, "f", '{"x"'))
    assert.same({ 'call_1 f {"x"!' }, shown(calls:list()))
    calls:add(piece(nil, 0, nil, ":1}"))
    assert.same({ "call_1 f " .. X }, shown(calls:list()))
  end)

  it("takes each call of a whole message as one", function()
    local message = { piece("0", nil, "f", X), piece("0", nil, "f", Y),
      piece(nil, nil, "f", X) }
    local calls = tool_calls.new()
    calls:add_all(message, true)
    assert.same({ "0 f " .. X, "0_2 f " .. Y, "call_3 f " .. X },
      shown(calls:list()))
    calls:add_all({ piece("0", nil, "f", X) }, true) -- once more, at the end
    assert.equal(3, #calls:list())
  end)

  it("takes each call of a chunk as one, where nothing says whose it is", function()
    local calls = tool_calls.new()
    calls:add_all { piece(nil, nil, "f", ""), piece(nil, nil, "g", "") }
    assert.same({ "call_1 f {}", "call_2 g {}" }, shown(calls:list()))
  end)

  it("takes the calls of a message behind their pieces once", function()
    local calls = tool_calls.new()
    calls:add_all { piece("a", 0, "f", '{"x"') }
    calls:add_all { piece(nil, 0, nil, ":1}") }
    calls:add_all { piece(nil, 1, "g", Y) }
    calls:add_all({ piece("z", nil, "f", X), piece(nil, nil, "g", Y),
      piece(nil, nil, "g", X) }, true)
    assert.same({ "a f " .. X, "call_2 g " .. Y, "call_3 g " .. X },
      shown(calls:list()))
  end)

  it("runs none of an answer that was cut off", function()
    local calls = tool_calls.new()
    calls:add(piece("a", 0, "f", X))
    local list = calls:list(true)
    assert.equal("the answer was cut off: the call may be incomplete",
      list[1].error)
  end)

  it("has an end", function()
    local calls = tool_calls.new()
    for n = 1, 200 do calls:add(piece("id" .. n, n, "f", "{}")) end
    local list = calls:list()
    assert.same({ 128, "there are more than 128 calls" },
      { #list, list[1].error })
    calls = tool_calls.new()
    for _ = 1, 3 do calls:add(piece("a", 0, "f", ("x"):rep(2 ^ 19))) end
    assert.equal("the arguments are too long", calls:list()[1].error)
  end)

  it("takes no longer for a name with each piece", function()
    local calls, from = tool_calls.new(), os.clock()
    calls:add(piece("a", 0, "f", '{"x":"'))
    for _ = 1, 20000 do calls:add(piece("a", 0, "f", "abcdefgh")) end
    calls:add(piece("a", 0, "f", '"}'))
    assert.is_nil(calls:list()[1].error)
    assert.is_true(os.clock() - from < 2)
  end)

  it("writes arguments that nobody would take again as an empty object", function()
    local calls = tool_calls.merge { piece("a", 0, "f", "[1]") }
    assert.equal("{}", tool_calls.to_wire(calls, true)[1]["function"].arguments)
    assert.equal("[1]", tool_calls.to_wire(calls)[1]["function"].arguments)
  end)

  it("writes them as a message has them", function()
    assert.same({ { id = "a", type = "function",
      ["function"] = { name = "f", arguments = X } } },
      tool_calls.to_wire(tool_calls.merge { piece("a", 0, "f", X) }))
  end)
end)
