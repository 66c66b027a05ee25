--- What the words of a prompt ask a picture to show, and where in it they stand.
local prompt = {}

-- Words that contain another one and do not mean it.
local OTHERS = { "上海", "海报", "海拔", "云南", "天花板", "烟花", "火花", "雪花",
  "花费", "马上", "罗马", "明星", "人工", "山东", "山西", "雪山", "江南", "星期",
  "水果", "水彩", "水墨", "雨林" }
local MEANT = { ["上海"] = "城市", ["江南"] = "小河", ["雪花"] = "下雪",
  ["雪山"] = "大山", ["雨林"] = "森林" }

--- The text to look for words in.
---@param text string
---@return string
function prompt.plain(text)
  text = text:lower()
  for _, word in ipairs(OTHERS) do
    text = text:gsub(word, MEANT[word] or ("."):rep(#word))
  end
  return text
end

local function find(text, word)
  local first, last = text:find(word, 1, true) -- most are not there: quick
  if not first or word:find("^[\128-\255]") then return first, last end
  return text:find("%f[%a]" .. word .. "e?s?%f[%A]")
end

--- The first of those words in the text, or nil.
---@param text string of prompt.plain()
---@param words string[]
---@return integer? first
---@return integer? last
function prompt.find(text, words)
  local first, last
  for _, word in ipairs(words) do
    local from, to = find(text, word)
    if from and (not first or from < first
      or from == first and to > last) then
      first, last = from, to
    end
  end
  return first, last
end

---@class yuanjing.sandbox.Found
---@field row table
---@field first integer
---@field last integer

-- Whether a word is a part of another one that was found: 猫 of 熊猫.
local function is_part(found, list)
  for _, other in ipairs(list) do
    if other.first <= found.first and found.last <= other.last
      and other.last - other.first > found.last - found.first then
      return true
    end
  end
  return false
end

--- The rows whose words are in the text, in the text's order.
---@param text string of prompt.plain()
---@param rows { words: string[] }[]
---@return yuanjing.sandbox.Found[]
function prompt.all(text, rows)
  local list, kept = {}, {}
  for _, row in ipairs(rows) do
    local first, last = prompt.find(text, row.words)
    if first then list[#list + 1] = { row = row, first = first, last = last } end
  end
  for _, found in ipairs(list) do
    if not is_part(found, list) then kept[#kept + 1] = found end
  end
  table.sort(kept, function(a, b) return a.first < b.first end)
  return kept
end

return prompt
