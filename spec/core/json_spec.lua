-- The core's own JSON reader must accept what cjson accepts, with the same result.
local cjson = require "cjson"
local core = require "yuanjing.core"

local unpack = table.unpack or unpack
local NULL = cjson.null

local SEEDS = {
  '{"choices":[{"delta":{"content":"\\u4f60\\ud83d\\ude00","role":null}}],'
    .. '"content":"x","finish":"0"}',
  '{"choices":[{"delta":{"reasoning_content":"a\\"b\\\\","content":""},'
    .. '"message":{"content":"m"},"finish_reason":"stop"}],"usage":{"n":1}}',
  '{"content":"好\\n","choices":[],"finish":1,"usage":null,"error":null}',
  '{"error":{"message":"no"},"status":"FAILED","taskid":"1","errcode":-1e-5}',
  '{"taskstatus":false,"success":true,"content":[1,{"content":"deep"}]}',
  '{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}],'
    .. '"choices":[{"delta":{"content":"c"},"delta":{"content":null}}]}',
  '{"choices":{"delta":{"content":"no list"}},"\\u0063ontent":"name"}',
  ' { "content" : "blanks" , "x" : [ 1 , 2.5e+3 , -0 , true , null ] } ',
  '[{"content":"a list"},[],{},""]', '"\\ud800"', '"\\udc00\\ud800"', "12.5",
  '"a\\/b\\b\\f\\n\\r\\t"', "-0.0e-0", "[[[[[[[[]]]]]]]]", '{"":{"":[""]}}',
  "nan", "-Infinity", "0x1F", "NaN", "inf", "1e999", "01", "1.", ".5", "+1",
  '{"a":1,}', "[1,]", "[,1]", '{"a" 1}', "{1:2}", "tru", '"\\x"', '"\\u12G4"',
  "[1 2]", "", " ", "\0", '"a\0b"', "{}\0", "{}}", "nul", "--1", "1e", "-",
  '{"content":"\239\191\191\192\128"}', "[1e5,1E+5,1e-5,0.1E5]", "1-2", "1e5.5",
}

local PIECES = { '"', "\\", "{", "}", "[", "]", ",", ":", "null", "true", "0",
  "-", ".", "e", "+", "\\u", "\\ud83d", "\\udc00", "\\n", " ", "\t", "\0",
  "\127", "\200", '"content":"p"', '"choices":[', '"delta":{', "1", "nan", "x",
  '"usage":1', '"error":"e"', "//", "inf", "'", "9999999999999999999", "}}}",
}

local state = 20260301

local function random(n)
  state = state * 16807 % 2147483647
  return state % n + 1
end

local MUTATIONS = {
  function(text)  -- a byte goes
    local at = random(#text + 1)
    return text:sub(1, at - 1) .. text:sub(at + 1)
  end,
  function(text)  -- something comes
    local at = random(#text + 1)
    return text:sub(1, at - 1) .. PIECES[random(#PIECES)] .. text:sub(at)
  end,
  function(text)  -- a part again
    local at = random(#text + 1)
    local to = at + random(20)
    return text:sub(1, to) .. text:sub(at)
  end,
  function(text)  -- the end goes
    return text:sub(1, random(#text + 1))
  end,
  function(text)  -- a byte for another
    local at = random(#text + 1)
    return text:sub(1, at - 1) .. PIECES[random(10)] .. text:sub(at + 1)
  end,
  function(text)  -- into another
    local other = SEEDS[random(#SEEDS)]
    local at = random(#text + 1)
    return text:sub(1, at - 1) .. other .. text:sub(at)
  end,
}

-- Calls f(text) for each seed and for many variants of the seeds.
local function each_document(count, f)
  for _, seed in ipairs(SEEDS) do f(seed) end
  for _ = 1, count do
    local text = SEEDS[random(#SEEDS)]
    for _ = 1, random(3) do text = MUTATIONS[random(#MUTATIONS)](text) end
    f(text)
  end
end

local function table_at(value, key)
  local inner = type(value) == "table" and value[key]
  return type(inner) == "table" and inner or {}
end

local function text_at(...)
  for _, value in ipairs { ... } do
    if type(value) == "string" and value ~= "" then return value end
  end
end

local function is_there(value) return value ~= nil and value ~= NULL end

-- The fields of a usual chunk.
local TEXTS = { "content", "reasoning_content", "reasoning", "text" }

local function are_texts(record)
  for _, name in ipairs(TEXTS) do
    if is_there(record[name]) and type(record[name]) ~= "string" then
      return false
    end
  end
  return true
end

-- The expected results of decoder:next() for a usual document, without its second
-- value; nil if the document must be odd.
local function chunk_of(document)
  if type(document) ~= "table" or is_there(document.error)
    or is_there(document.status) then
    return nil
  end
  local choices = table_at(document, "choices")
  local choice = table_at(choices, 1)
  local delta = table_at(choice, "delta")
  if #choices > 1 or is_there(choice.message)
    or not (are_texts(delta) and are_texts(document)) then
    return nil
  end
  return {
    text_at(delta.content or "", choice.text or "", document.content or "")
      or "",
    text_at(delta.reasoning_content or "", delta.reasoning or "",
      document.reasoning_content or ""),
    is_there(document.usage), false,
  }
end

-- cjson refuses half a surrogate pair; the core reads it as U+FFFD.
local function with_pairs(text)
  text = text:gsub("\\(.)", function(char)
    return "\\" .. (char == "\\" and "\1" or char)
  end)
  text = text:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)",
    "\2%1\2%2")
  text = text:gsub("\\u[dD][89a-fA-F]%x%x", "\\ufffd")
  return (text:gsub("\1", "\\"):gsub("\2", "\\u"))
end

local function decode(text)
  local ok, document = pcall(cjson.decode, with_pairs(text))
  return ok, document
end

local function is_blank(text) return not text:find("[^ \t\r\n]") end

-- Quotes long integers: the core reads them as texts, while cjson would round
-- them. For documents without texts.
local function quote_long_integers(text)
  return (text:gsub("[%w.+-]+", function(token)
    local digits = token:match("^%-?(%d+)$")
    if digits and #digits > 15 then return '"' .. token .. '"' end
  end))
end

-- The expected result of decode(), from the result of cjson.
local function settled(value)
  if type(value) == "number" and math.tointeger then
    return math.tointeger(value) or value
  end
  if type(value) ~= "table" then return value end
  local copy = {}
  for i = 1, #value do copy[i] = settled(value[i]) end
  for key, item in pairs(value) do
    if type(key) == "string" and item ~= NULL then copy[key] = settled(item) end
  end
  return copy
end

-- NaN is not equal to itself, so it becomes a text.
local function written(value)
  if type(value) ~= "table" then
    return ("%s %s"):format(math.type and math.type(value) or type(value),
      tostring(value):gsub("^%-nan$", "nan"))
  end
  local parts = {}
  for key, item in pairs(value) do
    parts[#parts + 1] = ("%s %s=%s"):format(type(key), key, written(item))
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

-- The length of the first value in the text, or nil.
local function length_of(text)
  local value, used, used_by_null = core.decode(text)
  if value ~= nil then return used end
  return used_by_null
end

describe("decode()", function()
  it("takes what cjson takes, and refuses what it refuses", function()
    local taken = 0
    each_document(12000, function(text)
      local ok = decode(text)
      local whole = length_of(text) == #text
      assert.same({ text, ok }, { text, whole })
      if ok then taken = taken + 1 end
    end)
    assert.is_true(taken > 500, taken)
  end)

  it("makes of it what cjson makes, but for nulls and integers", function()
    each_document(12000, function(text)
      local has_long = text:find(("%d"):rep(16))
      local ok, document = decode(text)
      if ok and has_long then
        document = cjson.decode(with_pairs(quote_long_integers(text)))
      end
      if ok and document ~= NULL and not (has_long and text:find('"')) then
        assert.equal(text .. written(settled(document)),
          text .. written((core.decode(text))))
      end
    end)
  end)

  it("reads long lists and objects, and deep ones", function()
    for _, n in ipairs { 31, 32, 33, 63, 64, 65, 1000 } do
      local list, fields = {}, {}
      for i = 1, n do
        list[i], fields[i] = tostring(i), ('"k%d":%d'):format(i, i)
      end
      local text = ("[%s]"):format(table.concat(list, ","))
      assert.same(settled(cjson.decode(text)), (core.decode(text)))
      text = ("{%s}"):format(table.concat(fields, ","))
      assert.same(settled(cjson.decode(text)), (core.decode(text)))
      for _, depth in ipairs { 15, 16, 17, 900 } do
        local half = math.floor(depth / 2)
        local deep = ('{"a":['):rep(half) .. text .. ("]}"):rep(half)
        assert.equal(written(settled(cjson.decode(deep))),
          written((core.decode(deep))))
      end
    end
  end)

  it("counts the last of two fields of a name, be it null", function()
    assert.same({ a = 2 }, (core.decode '{"a":1,"a":2}'))
    assert.same({ b = 1 }, (core.decode '{"a":1,"b":1,"a":null}'))
  end)

  it("ends at the end of the first value", function()
    each_document(1500, function(text)
      local stop = length_of(text)
      if stop then
        assert.is_true((decode(text:sub(1, stop))), text)
        assert.is_true(not text:find("^[ \t\r\n]", stop + 1), text)
      end
    end)
    assert.equal(3, length_of("{} {}"))
    assert.equal(1, length_of("1,"))
  end)

  it("finds the start of a value incomplete, not wrong", function()
    for _, seed in ipairs(SEEDS) do
      if decode(seed) and seed:find("^%s*[{%[\"][^%z]*$") then
        local stop = #seed:match("^(.-)%s*$")
        for at = 0, stop - 1 do
          assert.same({ seed, at, nil, "incomplete" },
            { seed, at, core.decode(seed:sub(1, at)) })
        end
      end
    end
  end)

  it("goes as deep as cjson", function()
    for _, depth in ipairs { 1, 999, 1000, 1001, 100000 } do
      for _, pair in ipairs { { "[", "]" }, { '{"a":', "}" } } do
        local text = pair[1]:rep(depth) .. (pair[1] == "[" and "" or "1")
          .. pair[2]:rep(depth)
        assert.same({ depth, decode(text) and true },
          { depth, length_of(text) == #text })
      end
    end
  end)
end)

describe("the decoder", function()
  -- Line ends would split it into several lines.
  local function line_of(text) return (text:gsub("[\r\n]", " ")) end

  it("finds the fields that cjson finds", function()
    local found = 0
    each_document(12000, function(text)
      text = line_of(text)
      local decoder = core.decoder()
      decoder:feed("data: " .. text .. "\n\n")
      local content, json, reasoning, usage, odd = decoder:next()
      local ok, document = decode(text)
      local chunk = ok and chunk_of(document)
      if ok then
        assert.is_true((decode(json)), text)
        assert.is_true(odd or chunk ~= nil, text)
        if odd then
          assert.same({ text, "" }, { text, content })
        else
          found = found + 1
          assert.same({ text, unpack(chunk, 1, 4) },
            { text, content, reasoning, usage, odd })
        end
      elseif not length_of(text) and not is_blank(text) then
        assert.same({ text, true }, { text, odd or content == nil })
      end
    end)
    assert.is_true(found > 60, found)
  end)

  it("finds them in a row of documents as in one alone", function()
    local decoder = core.decoder()
    each_document(12000, function(text)
      text = line_of(text)
      local ok, document = decode(text)
      if ok then
        decoder:feed("data: " .. text .. "\n")
        local content, _, reasoning, usage, odd = decoder:next()
        local chunk = chunk_of(document)
        assert.is_true(odd or chunk ~= nil, text)
        if not odd then
          assert.same({ text, unpack(chunk, 1, 4) },
            { text, content, reasoning, usage, odd })
        end
      end
    end)
  end)

  it("refuses what is too large, however it is cut", function()
    local limit = 300
    for length = limit - 20, limit + 20 do
      local json = '{"a":"' .. ("x"):rep(length - 8) .. '"}'
      for _, prefix in ipairs { "data: ", "data:", "" } do
        local seen = {}
        for _, size in ipairs { 1, 7, 1000 } do
          local decoder = core.decoder(limit)
          local text, content, event = prefix .. json .. "\n", nil, nil
          for at = 1, #text, size do
            decoder:feed(text:sub(at, at + size - 1))
            if not content and event ~= "too_large" then
              content, event = decoder:next()
            end
          end
          seen[#seen + 1] = content and "chunk" or event
        end
        local want = length <= limit and "chunk" or "too_large"
        assert.same({ length, want, want, want }, { length, unpack(seen) })
      end
    end
  end)

  it("does not pass a value off as whole that [DONE] cuts off", function()
    for _, bytes in ipairs { 'data: {"content":"a",\ndata: [DONE]\n',
      'data: {"content":\n[DONE]\n', '{"a":[\n\t[DONE]  \n',
      '{"content":"ok"}\ndata: {"x":\ndata: [DONE]\n' } do
      local decoder = core.decoder()
      decoder:feed(bytes)
      local content, event = decoder:next()
      if content then event = select(2, decoder:next()) end
      assert.same({ bytes, "bad" }, { bytes, event })
    end
  end)
end)

describe("core.is_plain", function()
  local deep = {}
  for _ = 1, 1001 do deep = { deep } end
  local own = {}
  own.own = own
  local guarded = setmetatable({ n = 1 }, { __index = error, __pairs = error })

  for name, value in pairs { ["a text"] = "1.5", ["a whole number"] = 99999999999999,
    ["below zero"] = -99999999999999, nothing = {}, ["a list"] = { 1, { 2 } },
    ["a whole float"] = 2 ^ 40, ["a table that raises"] = guarded } do
    it("takes " .. name, function() assert.is_true(core.is_plain(value)) end)
  end

  for name, value in pairs { ["a fraction"] = 0.5, ["15 digits"] = 1e14,
    ["below -14 digits"] = -1e14, infinity = math.huge, ["no number"] = 0 / 0,
    ["a fraction inside"] = { 1, { x = { 0.1 } }, 2 },
    ["a fraction as a name"] = { [1.5] = 1 }, ["what is too deep"] = deep,
    ["a table that holds itself"] = own } do
    it("refuses " .. name, function() assert.is_false(core.is_plain(value)) end)
  end

  it("with a name refuses that field, and whatever has a metatable", function()
    assert.is_true(core.is_plain({ { x = { "path" } }, path2 = 1 }, "path"))
    for _, value in ipairs { { path = 1 }, { { x = { path = {} } } }, guarded,
      { 1, { guarded } }, { 0.5 } } do
      assert.is_false(core.is_plain(value, "path"))
      assert.is_true(core.is_plain({ { "again" } }, "path"))
    end
  end)
end)
