--- Thoughts in the text, between <think> and </think>, taken apart as the text
-- comes. The first tag may be missing, where the vendor begins the thoughts for its
-- model: then what stands before </think> is known as thoughts at the end only. The
-- last may be missing, where the answer was cut off.
local think_tags = {}

---@class yuanjing.ThinkTags
---@field private _read fun(self, text: string): string, string, string? the state
---@field private _held string the beginning of a tag, perhaps
---@field private _length integer bytes of the content so far
---@field private _stray? integer bytes of content before a tag that ends nothing
local methods = {}
local ThinkTags = { __index = methods }

local BEGIN, END = "<think>", "</think>"

local function without_blanks(text)
  return (text:gsub("^[ \t-\r]+", ""))
end

-- A text, and behind it, with the blanks between, what may become the end of the
-- thoughts.
local function held_back(text)
  local at = #text + 1
  for n = math.min(#text, #END - 1), 1, -1 do
    if text:sub(-n) == END:sub(1, n) then at = #text - n + 1 break end
  end
  local kept = text:sub(1, at - 1):gsub("[ \t-\r]+$", "")
  return kept, text:sub(#kept + 1)
end

-- States: each takes a text apart into content, thoughts, and a rest that is for the
-- next state, if there is any.

local function behind(self, text)
  text = without_blanks(text)
  if text ~= "" then self._read = self._next end
  return "", "", text
end

-- Blanks behind a tag belong to it.
local function skip_to(self, state)
  self._read, self._next = behind, state
end

local function outside(_, text) return text, "" end

-- Nothing has begun thoughts, and something may yet end them.
local function before_stray(self, text)
  local from, to = text:find(END, 1, true)
  if not from then
    text, self._held = held_back(text)
    return text, ""
  end
  self._stray = self._length + from - 1
  skip_to(self, outside)
  return text:sub(1, from - 1), "", text:sub(to + 1)
end

local function inside(self, text)
  local from, to = text:find(END, 1, true)
  if not from then
    text, self._held = held_back(text)
    return "", text
  end
  skip_to(self, outside)
  return "", (text:sub(1, from - 1):gsub("[ \t-\r]+$", "")), text:sub(to + 1)
end

local function begin(self, text)
  local said = without_blanks(text)
  if #said < #BEGIN and BEGIN:sub(1, #said) == said then
    self._held = text
    return "", ""
  end
  if said:sub(1, #BEGIN) ~= BEGIN then
    self._read = before_stray
    return "", "", text
  end
  skip_to(self, inside)
  return "", "", said:sub(#BEGIN + 1)
end

--- What a text of the answer adds to its content, and to its thoughts.
---@param text string
---@return string content
---@return string thoughts
function methods:take(text)
  local contents, thoughts = {}, {}
  local rest = self._held .. text
  self._held = ""
  while rest and rest ~= "" do
    local content, thought
    content, thought, rest = self._read(self, rest)
    self._length = self._length + #content
    contents[#contents + 1], thoughts[#thoughts + 1] = content, thought
  end
  return table.concat(contents), table.concat(thoughts)
end

--- What is still held back, at the end: no tag came.
---@return string content
---@return string thoughts
function methods:release()
  local held = self._held
  self._held = ""
  if self._read == inside then return "", held end
  return held, ""
end

--- The whole, at the end.
---@param content string
---@param thoughts string
---@return string content
---@return string thoughts
function methods:whole(content, thoughts)
  if not self._stray then return content, thoughts end
  local said = content:sub(1, self._stray):gsub("[ \t-\r]+$", "")
  return content:sub(self._stray + 1), thoughts .. said
end

---@return yuanjing.ThinkTags
function think_tags.new()
  return setmetatable({ _read = begin, _held = "", _length = 0 }, ThinkTags)
end

--- Takes a whole text apart.
---@param text string
---@param thoughts string
---@return string content
---@return string thoughts
function think_tags.apart(text, thoughts)
  local tags = think_tags.new()
  local content, more = tags:take(text)
  local rest, last = tags:release()
  return tags:whole(content .. rest, thoughts .. more .. last)
end

return think_tags
