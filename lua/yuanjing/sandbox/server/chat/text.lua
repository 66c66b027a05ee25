--- What the sandbox's models say: always the same for the same question.
local text = {}

local CHAR = "[%z\1-\127\194-\244][\128-\191]*"

--- The characters of a UTF-8 text.
---@param whole string
---@return string[]
function text.characters(whole)
  local list = {}
  for char in whole:gmatch(CHAR) do list[#list + 1] = char end
  return list
end

-- As in the platform's captured stream, where pieces grow to a few characters.
local SIZES = { 2, 3, 8, 9, 8, 7, 8 }

--- The text in pieces of a few characters each.
---@param whole string
---@return string[]
function text.pieces(whole)
  local characters, pieces, at = text.characters(whole), {}, 1
  while at <= #characters do
    local size = SIZES[#pieces % #SIZES + 1]
    local last = math.min(at + size - 1, #characters)
    pieces[#pieces + 1] = table.concat(characters, "", at, last)
    at = last + 1
  end
  return pieces
end

--- About what a tokenizer would count.
---@param whole string
---@return integer
function text.tokens(whole)
  local wide = select(2, whole:gsub("[\228-\244][\128-\191]+", ""))
  local words = select(2, whole:gsub("%a+", ""))
  return math.ceil(wide * 0.7) + words + 1
end

--- As much of a text as so many tokens hold.
---@param whole string
---@param tokens number
---@return string
function text.within(whole, tokens)
  if text.tokens(whole) <= tokens then return whole end
  local characters = text.characters(whole)
  local low, high = 0, #characters -- the answer is from low to below high
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    local fits = text.tokens(table.concat(characters, "", 1, middle)) <= tokens
    if fits then low = middle else high = middle end
  end
  return table.concat(characters, "", 1, low)
end

local function has_any(haystack, words)
  for _, word in ipairs(words) do
    if haystack:find(word, 1, true) then return true end
  end
  return false
end

--- Whether there is a Chinese character in a text.
---@param whole string
---@return boolean
function text.is_chinese(whole)
  return whole:find("[\228-\233][\128-\191][\128-\191]") ~= nil
end

--- The language to answer in.
---@param prompt string
---@param system string
---@return "zh"|"en"
function text.language(prompt, system)
  local wish = system:lower()
  if has_any(wish, { "english", "英文", "英语" }) then return "en" end
  if has_any(wish, { "chinese", "中文", "汉语" }) then return "zh" end
  return text.is_chinese(prompt) and "zh" or "en"
end

-- The first characters of the prompt, on one line.
local function excerpt(prompt)
  local characters = text.characters((prompt:gsub("%s+", " ")))
  local short = table.concat(characters, "", 1, math.min(#characters, 40))
  return #characters > 40 and short .. "……" or short
end

-- Looked through in turn: the words of a question, and what to say to it. The
-- part after | is left out when the system prompt asks to be brief.
local SAYINGS = {
  { { "你是谁", "who are you" },
    zh = "我是元境沙箱里的 %model%，住在你自己的电脑上。|我不联网、也不花钱，可以陪你" ..
      "调试程序：流式输出、出错、断线，想要哪一种都可以。如果需要帮助，欢迎随时告诉我！",
    en = "I am %model%, living in the Yuanjing sandbox on your own computer." ..
      "| I am offline and free of charge, and glad to help you test: " ..
      "streams, failures, lost connections, whatever you ask for." },
  { { "故事", "story" },
    zh = "从前有一只小猫，它想去月亮上看看。|它每天夜里爬一级台阶，爬了一千级，月亮还是" ..
      "那么远。一千零一夜，月亮弯下腰来，对它说：“你走得这么慢，我就来接你吧。”",
    en = "Once there was a small cat that wished to see the moon.| Every " ..
      "night it climbed one step, a thousand in all, and the moon was as " ..
      "far as ever. On the next night the moon bent down and said: \"You " ..
      "are so patient that I came to fetch you.\"" },
  { { "你好", "hello", "hi " },
    zh = "你好！😊 很高兴见到你。|今天想聊点什么？",
    en = "Hello! 😊 Nice to meet you.| What shall we talk about today?" },
}

local OTHERWISE = {
  zh = "你好！你说的是：“%prompt%”。|这里是元境沙箱，我不会真的思考，但会认真地把每个字" ..
    "都说给你听。",
  en = "Hello! You said: \"%prompt%\".| This is the Yuanjing sandbox: I do " ..
    "not really think, but I say every word with care.",
}

local BRIEF = { "简短", "简洁", "一句话", "brief", "short", "concise" }

local function saying(prompt)
  local question = prompt:lower() .. " "
  for _, candidate in ipairs(SAYINGS) do
    if has_any(question, candidate[1]) then return candidate end
  end
  return OTHERWISE
end

--- The answer to a prompt.
---@param prompt string
---@param system string
---@param model string
---@return string
function text.answer(prompt, system, model)
  local answer = saying(prompt)[text.language(prompt, system)]
  local is_brief = has_any(system:lower(), BRIEF)
  answer = is_brief and answer:gsub("|.*$", "") or answer:gsub("|", "", 1)
  local values = { model = model, prompt = excerpt(prompt) }
  return (answer:gsub("%%(%l+)%%", values))
end

--- What a thinking model thinks before it answers.
---@param prompt string
---@param system string
---@return string
function text.thought(prompt, system)
  if text.language(prompt, system) == "zh" then
    return ("用户说“%s”。我先想一想,再好好回答。"):format(excerpt(prompt))
  end
  return ("The user says \"%s\". Let me think, then answer."):format(
    excerpt(prompt))
end

return text
