--- Facts that the user has told in the conversation, and questions about them.
local text = require "yuanjing.sandbox.server.chat.text"

local memory = {}

-- Each row: patterns of a statement, texts of a question about it, the answer to
-- that, and the answer to the statement. English is compared in small letters.
local FACTS = {
  { told = { "我叫([^,.!?%s]+)", "我的名字是([^,.!?%s]+)",
      "我的名字叫([^,.!?%s]+)", "请叫我([^,.!?%s]+)" },
    asked = { "我叫什么", "我的名字是什么", "我的名字叫什么", "我是谁", "记得我的名字",
      "知道我的名字", "我叫啥", "我的名字吗" },
    say = "你叫%s。", noted = "你好，%s！我记住了。" },
  { told = { "my name is ([%w'-]+)", "my name's ([%w'-]+)", "call me ([%w'-]+)",
      "i am called ([%w'-]+)", "i'm called ([%w'-]+)" },
    asked = { "what is my name", "what's my name", "who am i", "remember my name",
      "know my name", "tell me my name" },
    say = "Your name is %s.", noted = "Nice to meet you, %s! I will remember." },
  { told = { "我是([^,.!?%s]+)" }, asked = { "我是谁", "我是什么" },
    say = "你是%s。", noted = "你好，%s！我记住了。" },
  { told = { "i am (an? [%w ]+)", "i'm (an? [%w ]+)", "i am ([%a'-]+)",
      "i'm ([%a'-]+)" },
    asked = { "who am i", "what am i" },
    say = "You are %s.", noted = "I see, %s. I will remember." },
  { told = { "我今年(%d+)岁", "我(%d+)岁", "我今年([一二三四五六七八九十]+)岁" },
    asked = { "我多大", "我几岁", "我的年龄" },
    say = "你%s岁。", noted = "知道了，你%s岁。" },
  { told = { "i am (%d+) years old", "i'm (%d+) years old", "my age is (%d+)" },
    asked = { "how old am i", "what is my age", "what's my age" },
    say = "You are %s years old.", noted = "%s, I see. I will remember." },
  { told = { "住在([^,.!?%s]+)", "我家在([^,.!?%s]+)" },
    asked = { "我住在哪", "我住哪", "我家在哪" },
    say = "你住在%s。", noted = "%s，我记住了。" },
  { told = { "i live in ([^,.!?]+)" }, asked = { "where do i live" },
    say = "You live in %s.", noted = "%s, I will remember." },
  { told = { "我最喜欢([^,.!?%s]+)", "我喜欢([^,.!?%s]+)" },
    asked = { "我喜欢什么", "我最喜欢什么", "我爱好什么" },
    say = "你喜欢%s。", noted = "好的，你喜欢%s，我记住了。" },
  { told = { "i like ([^,.!?]+)", "i love ([^,.!?]+)" },
    asked = { "what do i like", "what do i love" },
    say = "You like %s.", noted = "You like %s: I will remember." },
  { told = { "记住[:, ]*(.-)[.!]?$" },
    asked = { "让你记住什么", "要你记住什么", "记住了什么", "记得什么", "让你记的" },
    say = "你让我记住：%s。", noted = "好的，我记住了：%s。" },
  { told = { "remember that (.-)[.!]?$", "remember this:? (.-)[.!]?$",
      "remember:? (.-)[.!]?$" },
    asked = { "what did i ask you to remember", "what should you remember",
      "what do you remember" },
    say = "You asked me to remember: %s.", noted = "I will remember: %s." },
}

local QUESTION = { "?", "什么", "哪", "谁", "吗", "几岁", "多大", "啥", "多少",
  "what", "who", "how" }

-- Chinese marks as ASCII ones: a set in a pattern is one of bytes.
local MARKS = { ["，"] = ",", ["。"] = ".", ["！"] = "!", ["？"] = "?", ["："] = ":",
  ["；"] = ",", ["、"] = "," }

local function normal(said)
  for mark, plain in pairs(MARKS) do said = said:gsub(mark, plain) end
  return said
end

local function has(said, texts)
  local small = said:lower()
  for _, part in ipairs(texts) do
    if small:find(part, 1, true) then return true end
  end
  return false
end

-- What a pattern captures, as it was written; questions tell nothing.
local function captured(said, patterns)
  local small = said:lower()
  for _, pattern in ipairs(patterns) do
    local first, _, value = small:find(pattern)
    if first and value ~= "" and not has(value, QUESTION) then
      local from = small:find(value, first, true)
      return said:sub(from, from + #value - 1)
    end
  end
end

-- The newest statement of a fact among what was said.
local function recall(statements, patterns)
  for n = #statements, 1, -1 do
    local value = captured(statements[n], patterns)
    if value then return value end
  end
end

-- Any other property: "my dog is Rex", "what is my dog". ------------------

local OTHER = {
  { told = { "我的(.-)是([^,.!?]+)", "我的(.-)叫([^,.!?]+)" },
    asked = { "我的(.-)是什么", "我的(.-)叫什么", "我的(.-)是谁",
      "我的(.-)是多少", "我的(.-)在哪" },
    say = "你的%s是%s。", noted = "好的，你的%s是%s，我记住了。" },
  { told = { "my ([%w ]-) is ([^,.!?]+)" },
    asked = { "what is my ([%w ]+)", "what's my ([%w ]+)", "who is my ([%w ]+)",
      "where is my ([%w ]+)" },
    say = "Your %s is %s.", noted = "Your %s is %s: I will remember." },
}

local function asked_property(row, prompt)
  local small = prompt:lower()
  for _, pattern in ipairs(row.asked) do
    local name = small:match(pattern)
    if name then return name:match("^%s*(.-)%s*$") end
  end
end

-- The value, as it was written, of the property of that name, or of the first.
local function told_property(said, patterns, wanted)
  local small = said:lower()
  for _, pattern in ipairs(patterns) do
    for at, name, value in small:gmatch("()" .. pattern) do
      if (not wanted or name == wanted) and not has(value, QUESTION) then
        local from = small:find(value, at + #name, true)
        return said:sub(from, from + #value - 1), name
      end
    end
  end
end

local function answer_property(prompt, statements)
  for _, row in ipairs(OTHER) do
    local name = asked_property(row, prompt)
    for n = name and #statements or 0, 1, -1 do
      local value = told_property(statements[n], row.told, name)
      if value then return row.say:format(name, value) end
    end
  end
end

-- What was said ------------------------------------------------------------

local SPEECH = {
  { role = "user", asked = { "我刚才说了什么", "我刚才问了什么", "我刚刚说了什么",
      "我说过什么", "我上一句", "我刚才说什么" }, say = "你刚才说：“%s”。" },
  { role = "user", asked = { "what did i say", "what did i just say",
      "what did i ask", "what was my last question" },
    say = "You said: \"%s\"." },
  { role = "user", is_first = true, asked = { "第一句话", "我最先说" },
    say = "你的第一句话是：“%s”。" },
  { role = "user", is_first = true, asked = { "first thing i said",
      "first question", "first message" },
    say = "The first thing you said was: \"%s\"." },
  { role = "assistant", asked = { "你刚才说了什么", "你刚刚说了什么", "你说了什么",
      "你刚才说什么" }, say = "我刚才说：“%s”。" },
  { role = "assistant", asked = { "what did you say", "what did you just say",
      "what was your last answer" }, say = "I said: \"%s\"." },
}

local function spoken(messages, row)
  local found
  for n = 1, #messages - 1 do
    local message = messages[n]
    if message.role == row.role and message.text ~= "" then
      if row.is_first and found then break end
      found = message.text
    end
  end
  return found
end

local function answer_speech(asked)
  for _, row in ipairs(SPEECH) do
    if has(asked.prompt, row.asked) then
      local said = spoken(asked.messages, row)
      if said then return row.say:format(said) end
    end
  end
end

-- --------------------------------------------------------------------------

local UNKNOWN = { zh = "这个你还没有告诉我。",
  en = "You have not told me that yet." }

local function answer_fact(asked, prompt, statements)
  local unknown
  for _, row in ipairs(FACTS) do
    if has(prompt, row.asked) then
      local value = recall(statements, row.told)
      if value then return row.say:format(value) end
      unknown = UNKNOWN[text.language(asked.prompt, asked.system)]
    end
  end
  return unknown
end

local function note(prompt)
  if has(prompt, QUESTION) then return nil end
  for _, row in ipairs(FACTS) do
    local value = captured(prompt, row.told)
    if value then return row.noted:format(value) end
  end
  for _, row in ipairs(OTHER) do
    local value, name = told_property(prompt, row.told)
    if value then return row.noted:format(name, value) end
  end
end

-- All that the user has said before, and in the same breath.
local function statements_of(messages)
  local list = {}
  for _, message in ipairs(messages) do
    if message.role == "user" then list[#list + 1] = normal(message.text) end
  end
  return list
end

--- The answer to a question about the talk, or to something told | nil.
---@param asked yuanjing.sandbox.Asked
---@return string?
function memory.answer(asked)
  local prompt, statements = normal(asked.prompt), statements_of(asked.messages)
  return answer_fact(asked, prompt, statements) or answer_speech(asked) or
    answer_property(prompt, statements) or note(prompt)
end

return memory
