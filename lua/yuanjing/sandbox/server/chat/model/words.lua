--- The words of a text, to see whether two texts speak of the same: stems of
-- English words, pairs of Chinese characters, and the concepts of a small
-- dictionary, so that a tool named in English hears Chinese.
local words = {}

-- Words that are no sign of anything.
local STOP = {}
for word in ([[a an the of to in on at for and or is are was be it its this that
  with from by as if do does did can will would please me my you your we i
  get set show tell give make use run call tool function return returns which
  what who how when where name names value given one two any all some there has
  have not no user user's current new out up]]):gmatch("%S+") do
  STOP[word] = true
end

-- Characters of Chinese that join words.
local JOINING = {}
for char in ("的了是在和与或吗呢吧么我你他她它们这那个一有不请把给到从为被用来去就都也很会能可要想"):gmatch(
  "[\228-\233][\128-\191][\128-\191]") do
  JOINING[char] = true
end

-- Each line a concept.
local DICTIONARY = {
  "weather forecast 天气 气温 下雨", "temperature 温度 气温", "time clock 时间 几点",
  "date today 日期 几号", "paint draw picture image 画 绘", "walk go move 走 去 移动",
  "feed 喂 food", "cat kitty 猫", "dog 狗", "search find lookup 搜索 查找 搜 查询",
  "send 发送 寄 发给", "mail email 邮件 邮箱", "message 消息 短信", "city town 城市",
  "open 打开", "close shut 关上 关闭 关", "light lamp 灯", "music song 音乐 歌",
  "play 播放 玩", "stop 停", "translate 翻译", "calculate calculator compute math 计算 算一算",
  "add sum plus 加 总和", "multiply times 乘", "price cost 价格 多少钱", "door 门",
  "window 窗", "table desk 桌", "bed 床", "easel canvas 画架 画板", "chair 椅",
  "left 左", "right 右", "north 北", "south 南", "east 东", "west 西",
  "red 红", "green 绿", "blue 蓝", "yellow 黄", "black 黑", "white 白",
  "celsius c 摄氏", "fahrenheit f 华氏", "order 订单", "book reserve 预订 订",
  "flight plane 航班 机票", "hotel 酒店", "train 火车 高铁", "note memo 笔记 记下",
  "buy purchase 买", "sell 卖", "dance 跳舞", "sing 唱", "sit 坐", "jump 跳",
  "sleep 睡", "dice roll 骰子", "random 随机", "happy glad 高兴 开心", "sad 难过",
  "angry 生气", "sunny 晴", "positive 正面 积极", "negative 负面 消极",
  "neutral 中性", "attack fight 攻击", "heal cure 治疗", "gold coin 金币",
  "sword 剑", "file 文件", "read 读", "write 写", "delete remove 删除 删",
}

local ENDINGS = { "ies", "ing", "ed", "es", "s" }

-- The stem of an English word, roughly.
local function stem(word)
  for _, ending in ipairs(ENDINGS) do
    local short = word:sub(1, -#ending - 1)
    if #short >= 3 and word:sub(-#ending) == ending then return short end
  end
  return word
end

-- Of the dictionary: the numbers of the concepts. The Chinese words are a list,
-- the longest first, for a short one may be a part of a longer one.
local by_stem, by_text = {}, {}

for number, line in ipairs(DICTIONARY) do
  for word in line:gmatch("%S+") do
    if word:find("^%a") then
      by_stem[stem(word)] = number
    else
      by_text[#by_text + 1] = { word, number }
    end
  end
end

table.sort(by_text, function(a, b)
  if #a[1] ~= #b[1] then return #a[1] > #b[1] end
  return a[2] < b[2]
end)

local function add(found, key, position)
  if not found[key] or position < found[key] then found[key] = position end
end

local function add_english(found, text)
  for position, word in text:gmatch("()(%a[%a']*)") do
    if not STOP[word] and (#word > 1 or by_stem[word]) then
      local key = stem(word)
      add(found, key, position)
      if by_stem[key] then add(found, "=" .. by_stem[key], position) end
    end
  end
end

local WIDE = "[\228-\233][\128-\191][\128-\191]"

local function add_chinese(found, text)
  for position, first, second in text:gmatch("()(" .. WIDE .. ")()") do
    local following = text:match("^" .. WIDE, second)
    if following and not JOINING[first] and not JOINING[following] then
      add(found, first .. following, position)
    end
  end
  for _, entry in ipairs(by_text) do
    local position = text:find(entry[1], 1, true)
    if position then
      add(found, "=" .. entry[2], position)
      text = text:gsub(entry[1], (" "):rep(#entry[1]))
    end
  end
end

--- The words of an identifier, apart: "getWeather_now" is "get weather now".
---@param name string
---@return string
function words.apart(name)
  return (name:gsub("(%l)(%u)", "%1 %2"):gsub("[_.-]+", " "))
end

--- The first word of an identifier that says something: what a tool does.
---@param name string
---@return string?
function words.leading(name)
  for word in words.apart(name):lower():gmatch("%a+") do
    if not STOP[word] then return word end
  end
end

--- Whether a word is no sign of anything.
---@param word string
---@return boolean
function words.is_common(word)
  return STOP[word:lower()] == true
end

-- An arithmetic expression asks for a calculator.
local function add_expression(found, text)
  local position = text:find("%d[ ]*[%+%*/^][ ]*%d") or text:find("%d[ ]+%-[ ]+%d")
  if position then add(found, "=" .. by_stem.calculate, position) end
end

--- How many bytes the word at a place has.
---@param text string
---@param position integer
---@return integer
function words.length_at(text, position)
  local ends = text:match("^[%a']+()", position)
  if ends then return ends - position end
  for _, entry in ipairs(by_text) do
    if text:find(entry[1], position, true) == position then return #entry[1] end
  end
  return text:find("^" .. WIDE, position) and 6 or 1
end

--- The words of a text, and where each is found first. A concept's name begins
--- with "=".
---@param text string
---@return table<string, integer>
function words.of(text)
  local found, small = {}, text:lower()
  add_english(found, small)
  add_chinese(found, small)
  add_expression(found, small)
  return found
end

return words
