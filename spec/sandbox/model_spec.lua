-- The sandbox's own model: what it remembers, which tools it calls and with what,
-- JSON to a schema, limits, and what it sees in a picture.
local json = require "yuanjing.base.json"
local sandbox = require "yuanjing.sandbox"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"
local yuanjing = require "yuanjing"

local box, client

setup(function()
  box = assert(sandbox.start { latency = 0 })
  client = yuanjing.new(box.options)
end)

teardown(function()
  assert.equal("", support.read(box.logs.error))
  box:stop()
end)

after_each(support.clean)

local function user(text) return { role = "user", content = text } end

-- Both ways, which have to say the same.
local function chat(params)
  local plain = assert(client:chat(params))
  local more = {}
  for name, value in pairs(params) do more[name] = value end
  more.stream = true
  local streamed = assert(assert(client:chat(more)):finish())
  assert.equal(plain.content, streamed.content)
  assert.equal(plain.finish_reason, streamed.finish_reason)
  assert.same(plain.usage.total_tokens, streamed.usage.total_tokens)
  return plain
end

-- The answer to the last of these, said one after the other.
local function last_answer(...)
  local messages, reply = {}, nil
  for _, text in ipairs { ... } do
    messages[#messages + 1] = user(text)
    reply = chat { messages = messages }
    messages[#messages + 1] = { role = "assistant", content = reply.content }
  end
  return reply.content
end

describe("the sandbox's model remembers", function()
  local TALKS = {
    { "你叫张小明。", "你好，我叫张小明！", "讲个故事", "我叫什么？" },
    { "你叫李雷。", "我叫张小明", "不对,请叫我李雷。", "你还记得我的名字吗" },
    { "你35岁。", "我今年35岁，住在北京", "我多大了？" },
    { "你住在北京。", "我今年35岁，住在北京", "我住在哪里" },
    { "你喜欢喝茶。", "我喜欢喝茶", "我喜欢什么" },
    { "你的狗是旺财。", "我的狗叫旺财。", "我的狗叫什么？" },
    { "你让我记住：密码是4711。", "记住：密码是4711。", "我让你记住什么了" },
    { "这个你还没有告诉我。", "你好", "我叫什么？" },
    { "你刚才说：“我喜欢喝茶”。", "我喜欢喝茶", "我刚才说了什么？" },
    { "你的第一句话是：“讲个故事”。", "讲个故事", "你好", "我的第一句话是什么" },
    { "Your name is Ada.", "Hi, my name is Ada.", "tell me a story",
      "What is my name?" },
    { "你是小王。", "你好，我是小王", "我是谁？" },
    { "You are Bob.", "Hello! I'm Bob.", "Who am I?" },
    { "Your name is Grace.", "my name is Ada", "Call me Grace", "What's my name" },
    { "You are 36 years old.", "I'm 36 years old", "how old am I?" },
    { "You live in London.", "I live in London, mostly.", "Where do I live?" },
    { "You like green tea.", "I like green tea.", "What do I like?" },
    { "Your favourite colour is green.", "My favourite colour is green.",
      "What is my favourite colour?" },
    { "You asked me to remember: the code is 4711.",
      "Remember this: the code is 4711.", "What did I ask you to remember?" },
    { "You have not told me that yet.", "Hello", "What is my name?" },
    { "You said: \"I like tea\".", "I like tea", "What did I say?" },
    { "I said: \"You like tea: I will remember.\".", "I like tea",
      "What did you say?" },
  }

  for _, talk in ipairs(TALKS) do
    it(talk[#talk] .. " " .. talk[1], function()
      assert.equal(talk[1], last_answer((table.unpack or unpack)(talk, 2)))
    end)
  end

  it("nothing beyond the messages of a request", function()
    last_answer "我叫张小明"
    assert.equal("这个你还没有告诉我。", last_answer "我叫什么")
  end)
end)

local function tool(name, description, properties, required)
  return { type = "function", ["function"] = { name = name,
    description = description, parameters = { type = "object",
      properties = properties or {}, required = required } } }
end

local PLACE = { type = "string", enum = { "easel", "window", "door" } }

local TOOLS = {
  tool("weather", "The weather of a city", {
    city = { type = "string" }, unit = { enum = { "c", "f" } } }, { "city" }),
  tool("walk_to", "Walk to a place in the room", { place = PLACE }, { "place" }),
  tool("paint", "Paint a picture on the easel",
    { subject = { type = "string" } }, { "subject" }),
  tool("feed_cat", "Feed the cat"),
  tool("pet_cat", "Stroke the cat"),
  tool("addNumbers", "Adds two numbers", { a = { type = "number" },
    b = { type = "integer", maximum = 10 } }, { "a", "b" }),
  tool("calculate", "Evaluates an arithmetic expression",
    { expression = { type = "string" } }, { "expression" }),
  tool("book_flight", "Books a flight", { from = { type = "string" },
    to = { type = "string" }, date = { type = "string", format = "date" },
    passengers = { type = "integer" } }, { "from", "to", "date", "passengers" }),
  tool("search", "搜索网页", { query = { type = "string" } }, { "query" }),
  tool("translate", "Translates a text", { text = { type = "string" },
    language = { enum = { "fr", "de", "French" } } }, { "text", "language" }),
  tool("orderStatus", "The status of an order",
    { order_id = { type = "string" } }, { "order_id" }),
  tool("查订单", "查询订单的状态", { number = { type = "string" } }, { "number" }),
}

local function called(prompt, more)
  local params = { messages = { user(prompt) }, tools = TOOLS }
  for name, value in pairs(more or {}) do params[name] = value end
  local list = {}
  local reply = chat(params)
  for n, call in ipairs(reply.tool_calls or {}) do
    list[n] = call.name .. call.raw
  end
  assert.equal(#list > 0 and "tool_calls" or "stop", reply.finish_reason)
  return table.concat(list, " ")
end

describe("the sandbox's model calls", function()
  local PROMPTS = {
    ["北京今天天气怎么样？"] = 'weather{"city": "北京"}',
    ["How is the weather in New York, in celsius?"] =
      'weather{"city": "New York", "unit": "c"}',
    ["走到画架前"] = 'walk_to{"place": "easel"}',
    ["去窗边看看"] = 'walk_to{"place": "window"}',
    ["Please go to the door."] = 'walk_to{"place": "door"}',
    ["画一只猫"] = 'paint{"subject": "一只猫"}',
    ["Paint a red boat, please"] = 'paint{"subject": "a red boat"}',
    ["喂猫"] = "feed_cat{}",
    ["Feed the cat!"] = "feed_cat{}",
    ["add 3.5 and 70"] = 'addNumbers{"a": 3.5, "b": 10}',
    ["What's 17 * 23?"] = 'calculate{"expression": "17 * 23"}',
    ["Book a flight from Paris to Rome on 2026-12-24 for 2 people"] =
      'book_flight{"from": "Paris", "to": "Rome", "date": "2026-12-24", ' ..
      '"passengers": 2}',
    ["搜索一下元境的价格"] = 'search{"query": "元境的价格"}',
    ["translate “good morning” into French"] =
      'translate{"text": "good morning", "language": "French"}',
    ["order status of A-1234?"] = 'orderStatus{"order_id": "A-1234"}',
    ["我的订单到哪了？编号“A-17”"] = '查订单{"number": "A-17"}',
    ["Walk to the window and feed the cat, then paint a ship"] =
      'walk_to{"place": "window"} feed_cat{} paint{"subject": "a ship"}',
    ["北京的天气，再加3和4"] = 'weather{"city": "北京"} ' ..
      'addNumbers{"a": 3, "b": 4}',
    ["你好"] = "", ["tell me a story"] = "", ["我叫什么"] = "",
  }

  for prompt, calls in pairs(PROMPTS) do
    it(calls .. " for " .. prompt, function()
      assert.equal(calls, called(prompt))
    end)
  end

  it("what it has to, or nothing where it must not", function()
    assert.equal('walk_to{"place": "easel"}', called("你好", { tool_choice = {
      type = "function", ["function"] = { name = "walk_to" } } }))
    assert.equal('weather{"city": "hello"}',
      called("hello", { tool_choice = "required" }))
    assert.equal("", called("Feed the cat!", { tool_choice = "none" }))
  end)

  it("nothing once the results are there, and tells them", function()
    local said = { user "How is the weather in Paris?", { role = "assistant",
      content = "", tool_calls = { { id = "a", type = "function", ["function"] = {
        name = "weather", arguments = '{"city":"Paris"}' } } } },
      { role = "tool", tool_call_id = "a", content = '{"temperature":21}' } }
    local reply = chat { messages = said, tools = TOOLS }
    assert.is_nil(reply.tool_calls)
    assert.equal("weather says: temperature 21.", reply.content)
    said[3].content = '{"error":"no such city"}'
    assert.equal("weather did not work: no such city.",
      chat { messages = said, tools = TOOLS }.content)
    said[1], said[3].content = user "巴黎天气", "晴，21度。"
    assert.equal("好的。晴，21度。", chat { messages = said }.content)
    said[4] = { role = "assistant", content = "好的。" }
    said[5] = user "再喂猫"
    assert.equal("feed_cat",
      chat { messages = said, tools = TOOLS }.tool_calls[1].name)
  end)
end)

-- Whether a value fits a schema: what the schemas here use of the standard. Not
-- the client's check, so that a fault there can not hide here.
local function fits(value, schema)
  local CHECKS = {
    object = function()
      for name, item in pairs(value) do
        local wanted = schema.properties[name]
        assert.is_truthy(wanted, name)
        fits(item, wanted)
      end
      for _, name in ipairs(schema.required or {}) do
        assert.is_not_nil(value[name], name)
      end
    end,
    array = function()
      assert.truthy(#value >= (schema.minItems or 0))
      assert.truthy(#value <= (schema.maxItems or math.huge))
      for _, item in ipairs(value) do fits(item, schema.items) end
    end,
    string = function()
      assert.truthy(#value <= (schema.maxLength or math.huge))
      assert.truthy(#value >= (schema.minLength or 0))
    end,
    integer = function() assert.equal(0, value % 1) end,
    number = function() end, boolean = function() end,
  }
  local LUA = { object = "table", array = "table", integer = "number" }
  if schema.enum then
    local set = {}
    for _, choice in ipairs(schema.enum) do set[choice] = true end
    return assert.is_true(set[value])
  end
  if schema.const then return assert.equal(schema.const, value) end
  assert.equal(LUA[schema.type] or schema.type, type(value))
  if type(value) == "number" then
    assert.truthy(value >= (schema.minimum or -math.huge))
    assert.truthy(value <= (schema.maximum or math.huge))
  end
  CHECKS[schema.type]()
end

describe("the sandbox's model fits", function()
  local PERSON = { type = "object", additionalProperties = false,
    required = { "name", "age", "city", "mood", "tags", "address", "kind" },
    properties = {
      name = { type = "string", maxLength = 12 },
      age = { type = "integer", minimum = 0, maximum = 150 },
      city = { type = "string" },
      mood = { type = "string", enum = { "sad", "happy" } },
      tags = { type = "array", items = { type = "string", minLength = 3 },
        minItems = 1, maxItems = 2 },
      address = { type = "object", properties = {
        zip = { type = "string", minLength = 5 } }, required = { "zip" } },
      kind = { const = "person" },
      score = { type = "number", maximum = 1 },
      married = { type = "boolean" },
    } }

  local function answer(prompt, schema, more)
    local params = { messages = { user(prompt) }, response_format = {
      type = "json_schema", json_schema = { name = "x", schema = schema } } }
    for name, value in pairs(more or {}) do params[name] = value end
    return assert(json.decode(chat(params).content))
  end

  for prompt, wanted in pairs {
    ["张三，35岁，北京的工程师，很高兴"] = { "张三", 35, "北京", "happy" },
    ["Ada Lovelace is 36 and lives in London. She is sad."] =
      { "Ada Lovelace", 36, "London", "sad" },
    ["Call 400 times"] = { nil, 150, nil, nil },
    [""] = {},
  } do
    it("a schema for: " .. prompt, function()
      local found = answer(prompt ~= "" and prompt or "?", PERSON)
      fits(found, PERSON)
      for n, name in ipairs { "name", "age", "city", "mood" } do
        if wanted[n] then assert.equal(wanted[n], found[name]) end
      end
    end)
  end

  it("a list, with what is no other value", function()
    local found = answer("张三，35岁，北京的工程师，会下棋、游泳",
      { type = "object", properties = { name = { type = "string" },
        age = { type = "integer" }, city = { type = "string" },
        skills = { type = "array", items = { type = "string" } } },
        required = { "name", "age", "city", "skills" } })
    assert.same({ "会下棋", "游泳" }, found.skills)
  end)

  it("references, alternatives and all of several", function()
    local found = answer("Ada is 36", { type = "object", ["$defs"] = {
      who = { type = "object", properties = { name = { type = "string" } },
        required = { "name" } } },
      properties = { one = { ["$ref"] = "#/$defs/who" },
        list = { type = "array", items = { ["$ref"] = "#/$defs/who" },
          minItems = 1 },
        maybe = { anyOf = { { type = "null" }, { type = "integer" } } },
        both = { allOf = { { type = "object", properties = {
          x = { type = "integer" } } }, { properties = {
          y = { enum = { "z" } } } } } },
        kinds = { type = { "null", "boolean" } } },
      required = { "one", "list", "maybe", "both", "kinds" } })
    assert.equal("Ada", found.one.name)
    assert.is_string(found.list[1].name)
    assert.equal("number", type(found.maybe))
    assert.equal("z", found.both.y)
    assert.is_boolean(found.kinds)
  end)

  it("a schema that holds itself", function()
    local found = answer("x", { type = "object", properties = {
      child = { ["$ref"] = "#" }, name = { type = "string" } } })
    assert.is_string(found.child.child.name)
  end)

  it("formats", function()
    local function of(format) return { type = "string", format = format } end
    local found = answer("mail bob@example.com at 9:30 on 2026-12-01",
      { type = "object", properties = { a = of "email", b = of "date",
        c = of "date-time", d = of "uri", e = of "uuid" } })
    assert.same({ "bob@example.com", "2026-12-01", "2026-12-01T09:30:00Z" },
      { found.a, found.b, found.c })
    assert.matches("^https://", found.d)
    assert.matches("^%x+%-%x+%-4%x+%-8%x+%-%x+$", found.e)
  end)

  it("a schema in the words of the prompt, with and without a format", function()
    local told = "Answer in JSON that fits this schema: " .. json.encode(PERSON)
    local ask = { messages = { { role = "system", content = told },
      user "Ada is 36" } }
    local fenced = chat(ask).content
    fits(assert(json.decode(fenced:match("^```json\n(.*)\n```$"))), PERSON)
    ask.response_format = { type = "json_object" }
    local found = assert(json.decode(chat(ask).content))
    fits(found, PERSON)
    assert.equal(36, found.age)
    ask.messages = { user(told .. "\n\nAda is 36") }
    assert.equal("Ada", assert(json.decode(chat(ask).content)).name)
  end)

  it("no json_object without the word, as others", function()
    local _, err = client:chat { prompt = "Ada", response_format = {
      type = "json_object" } }
    assert.equal("invalid_request", err.kind)
    assert.matches("must contain the word 'json'", err.message)
    assert.is_table(json.decode(chat { prompt = "say it in JSON",
      response_format = { type = "json_object" } }.content))
  end)

  it("a schema to the results of a tool", function()
    local found = answer("How is the weather?", { type = "object", properties = {
      temperature = { type = "integer" } } }, { messages = { user "weather?",
      { role = "assistant", content = "", tool_calls = { { id = "a",
        type = "function", ["function"] = { name = "weather",
          arguments = "{}" } } } },
      { role = "tool", tool_call_id = "a", content = "21 degrees" } } })
    assert.equal(21, found.temperature)
  end)
end)

describe("the sandbox's model keeps to", function()
  it("max_tokens", function()
    local whole = chat { prompt = "讲个故事" }
    for _, limit in ipairs { 1, 2, 10, 30 } do
      local cut = chat { prompt = "讲个故事", max_tokens = limit }
      assert.equal("length", cut.finish_reason)
      assert.truthy(cut.usage.completion_tokens <= limit)
      assert.equal(cut.content, whole.content:sub(1, #cut.content))
      assert.truthy(limit < 5 or #cut.content > 0)
    end
    assert.equal("stop", chat { prompt = "讲个故事", max_tokens = 1000 }
      .finish_reason)
    assert.equal("length", chat { prompt = "讲个故事",
      max_completion_tokens = 10 }.finish_reason)
  end)

  it("max_tokens where it thinks, and where it calls", function()
    local thought = chat { model = "qwen3-max-thinking", prompt = "讲个故事",
      max_tokens = 5 }
    assert.same({ "", "length" }, { thought.content, thought.finish_reason })
    assert.truthy(#thought.reasoning_content > 0)
    local call = chat { messages = { user "北京天气" }, tools = TOOLS,
      max_tokens = 3 }
    assert.equal("length", call.finish_reason)
    assert.is_string(call.tool_calls[1].error)
  end)

  it("stop", function()
    local cut = chat { prompt = "讲个故事", stop = { "月亮" } }
    assert.same({ "从前有一只小猫，它想去", "stop" },
      { cut.content, cut.finish_reason })
    assert.equal("从前有一只小猫", chat { prompt = "讲个故事",
      stop = "，" }.content)
  end)
end)

-- Two colours side by side, one of them on more than half.
local PICTURES = {
  { "PNG", 10, 6, "red", [[iVBORw0KGgoAAAANSUhEUgAAAAoAAAAGCAIAAAB1kpiRAAAAX0lEQ
    VR42mO4IyKHieBMRiDBwMiAhixY9jGAAROIYATTzAwMLAwMfxgY/jLAAXMeFz9U7hcDw3+oijms8R
    BpFnTdvxkY2BC6GUAOkJS7Iyp3R0rujpjcHWm5O+IIpwEAP7Ae3HNQXLYAAAAASUVORK5CYII=]] },
  { "PNG", 10, 6, "green", [[iVBORw0KGgoAAAANSUhEUgAAAAoAAAAGCAYAAAD68A/GAAAAKUlE
    QVR42mNgwANETsj9h2FGQgphbCYGIgEzPkmuFP4GGJuFgRoA2TMAvAoO11l4xksAAAAASUVORK5CY
    II=]] },
  { "PNG", 6, 6, "purple", [[
    iVBORw0KGgoAAAANSUhEUgAAAAYAAAAGCAMAAADXEh96AAAABlBMVEX/AACWKNxqBeYUAAAAGk
    lEQVR42mNghAIGEGACkwzMEB4LhMcAUQAAAi4AGVjwwuAAAAAASUVORK5CYII=]] },
  { "JPEG", 20, 12, "blue", [[/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFR
    QYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/2wBDARUX
    Fx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fH
    x8fHz/wAARCAAMABQDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAABQD/xAAaEAEAAQUAAAAA
    AAAAAAAAAAAAAQIGNHOx/8QAFwEAAwEAAAAAAAAAAAAAAAAAAwQFBv/EABsRAQAABwAAAAAAAAAAAA
    AAAAABAgMFMjRx/90ABAAB/9oADAMBAAIRAxEAPwAcrb+dXqnsCitv51eqewp3DVn4BSzg/9B5JM0a
    f//Z]] },
  { "JPEG", 20, 12, "blue", [[
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0
    dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8
    fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHz/wgARCAAMAB
    QDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABAAF/8QAFgEBAQEAAAAAAAAAAAAAAAAA
    BAMF/9oADAMBAAIQAxAAAAEaiqTPRqw0/wD/xAAXEAADAQAAAAAAAAAAAAAAAAAABDIQ/9oACA
    EBAAEFAhe8Xs//xAAWEQADAAAAAAAAAAAAAAAAAAACEDH/2gAIAQMBAT8BGr//xAAXEQADAQAA
    AAAAAAAAAAAAAAABBBAz/9oACAECAQE/AWMjP//EABYQAQEBAAAAAAAAAAAAAAAAABCBAP/aAA
    gBAQAGPwLRh//EABYQAQEBAAAAAAAAAAAAAAAAABAxAP/aAAgBAQABPyHVVR//2gAMAwEAAgAD
    AAAAEFwv/8QAFREBAQAAAAAAAAAAAAAAAAAAEDH/2gAIAQMBAT8Qmf/EABURAQEAAAAAAAAAAA
    AAAAAAABCh/9oACAECAQE/EIT/xAAYEAADAQEAAAAAAAAAAAAAAAABEKGxAP/aAAgBAQABPxDq
    eh09C//Z]] },
  { "GIF", 50, 37, nil, "R0lGODdhMgAlAIAAAB483AAAACw=" },
}

describe("the sandbox's model sees", function()
  local function data_uri(encoded)
    return "data:image/png;base64," .. encoded:gsub("%s", "")
  end

  local function look(...)
    local parts = { { type = "text", text = "What is this?" } }
    for _, url in ipairs { ... } do
      parts[#parts + 1] = { type = "image_url", image_url = { url = url } }
    end
    return chat { messages = { user(parts) } }.content
  end

  for n, picture in ipairs(PICTURES) do
    it(("the size and the colour of a %s, %d"):format(picture[1], n), function()
      local colour = picture[4] and ", mostly " .. picture[4] or ""
      assert.equal(("This is a %s picture of %d×%d pixels%s."):format(picture[1],
        picture[2], picture[3], colour), look(data_uri(picture[5])))
    end)
  end

  it("several, those that are elsewhere, and none in odd bytes", function()
    assert.equal("Picture 1 is a PNG of 10×6 pixels, mostly red. Picture 2 is a " ..
      "PNG of 10×6 pixels, mostly green.", look(data_uri(PICTURES[1][5]),
      data_uri(PICTURES[2][5])))
    assert.matches("at https://a.example/b.png; I am offline",
      look "https://a.example/b.png")
    assert.matches("can not make out", look "data:image/png;base64,AAAA")
    assert.matches("can not make out", look "data:image/png;base64,?")
  end)

  it("a cut one as far as it goes", function()
    local encoded = PICTURES[4][5]:gsub("%s", "")
    local kinds = {}
    for length = 4, #encoded, 16 do
      local said = look(data_uri(encoded:sub(1, length)))
      local kind = said:match("^This is a JPEG") or said:match("^I can not make")
      assert.is_truthy(kind, said)
      kinds[kind] = true
    end
    assert.same({ ["This is a JPEG"] = true, ["I can not make"] = true }, kinds)
  end)

  it("the picture of an earlier message, when it is spoken of", function()
    local messages = { user { { type = "text", text = "看" },
      { type = "image_url", image_url = { url = data_uri(PICTURES[1][5]) } } },
      { role = "assistant", content = "好" }, user "图片是什么颜色的？" }
    assert.equal("这是一张 PNG 图片，10×6 像素，主要是红色。",
      chat { messages = messages }.content)
    messages[3] = user "你好"
    assert.matches("^你好", chat { messages = messages }.content)
  end)

  it("a file in a form", function()
    local path = support.tempdir() .. "/a.png"
    support.write(path, shell.read([[printf %s "$1" | base64 -d]],
      (PICTURES[1][5]:gsub("%s", ""))))
    local reply = assert(client:chat { prompt = "What is this?",
      image_file = path })
    assert.equal("This is a PNG picture of 10×6 pixels, mostly red.",
      reply.content)
  end)
end)

-- Programs under test ask the sandbox: what they send wrong must not break it.
describe("the sandbox's model bears", function()
  local function send(fields)
    for _, stream in ipairs { false, true } do
      local body = { model = "m", prompt = "weather in 北京?", stream = stream }
      for name, value in pairs(fields) do body[name] = value end
      local answer, err = client:request { method = "POST",
        path = "/llmage/v1/chat/completions", json = body }
      local status = (answer or err).status
      assert.is_true(status == 200 or status == 400, tostring(err))
    end
  end

  local FUNCTION = { type = "function", ["function"] = { name = "weather" } }
  local ODD = { json.null, true, 7, "x", {}, { 1 }, { "x" }, { x = 1 }, { {} },
    { { {} } }, { json.null }, FUNCTION, { FUNCTION } }

  for _, name in ipairs { "messages", "tools", "tool_choice", "response_format",
    "max_tokens", "stop", "sys_prompt", "prompt", "image_file", "catelogid" } do
    it("any value for " .. name, function()
      for _, value in ipairs(ODD) do
        send { [name] = value }
        send { [name] = value, tools = name ~= "tools" and { FUNCTION } or value,
          sandbox = "strict-history" }
      end
    end)
  end

  it("any value in a message", function()
    for _, name in ipairs { "role", "content", "tool_calls", "tool_call_id" } do
      for _, value in ipairs(ODD) do
        for _, role in ipairs { "user", "assistant", "tool", "system" } do
          local message = { role = role, content = "x" }
          message[name] = value
          send { messages = { message } }
          send { messages = { message }, sandbox = "strict-history; kimi" }
        end
      end
    end
  end)

  it("any value in a schema", function()
    for _, name in ipairs { "type", "properties", "required", "enum", "items",
      "$ref", "anyOf", "allOf", "minimum", "maxLength", "minItems", "format",
      "default", "const" } do
      for _, value in ipairs(ODD) do
        local schema = { type = "object", properties = { city = {
          type = "string" }, list = { type = "array" }, n = { type = "integer" } } }
        for _, property in pairs(schema.properties) do property[name] = value end
        local outer = { type = "object", properties = { s = schema } }
        outer[name] = value
        for _, one in ipairs { schema, outer } do
          send { response_format = { type = "json_schema",
            json_schema = { schema = one } } }
          send { tools = { { type = "function", ["function"] = {
            name = "weather", parameters = one } } } }
        end
      end
    end
  end)
end)
